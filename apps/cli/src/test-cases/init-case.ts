import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../errors';
import type { MapDocument, RecordDocument, RunDocument } from '../output/documents';
import { note } from '../output/printer';
import { RunSession } from '../run/session';

const RECORDS_SHOWN = 3;
const VARIABLES_LEFT_OUT = /^(LICENSE|_license|license|VERSION|.*__fmt.*)$/;

/** `probectl test --init OBJECT`: runs it once on the demo scenario and writes what it saw as a first case. */
export async function initCase(object: string): Promise<void> {
  const file = join(dirname(object), `${basename(object).replace(/\.bpf\.[oc]$|\.o$/, '')}.probed.json`);
  if (existsSync(file))
    fail('file-exists', 'is there already', { where: file, errno: 17, hint: 'move it away first' });
  const session = await RunSession.open([object], {
    seed: 1,
    scenario: 'demo',
    engine: 'jit',
    maps: true,
    cpus: 4,
    for: 1e9,
  });
  const documents: RunDocument[] = [];
  await session.run(
    (document) => void documents.push(document),
    async () => {},
  );
  writeFileSync(file, caseText(basename(object), documents));
  note(`wrote ${file}; run it: probectl test ${file}`);
}

function caseText(object: string, documents: readonly RunDocument[]): string {
  const records = documents.filter((document): document is RecordDocument => document.type === 'record');
  const maps = documents.filter((document): document is MapDocument => document.type === 'map');
  const programs = documents.flatMap((document) => (document.type === 'summary' ? document.programs : []));
  const expect = {
    programs: Object.fromEntries(
      programs.filter(({ runs }) => runs > 0).map(({ program }) => [program, { runs: { $gte: 1 } }]),
    ),
    ...(records.length > 0 && { records: recordExpectations(records) }),
    maps: Object.fromEntries(
      maps.flatMap((map) => (map.entries?.length && !map.section ? [[map.map, { count: { $gte: 1 } }]] : [])),
    ),
    variables: Object.fromEntries(
      maps.flatMap(({ variables = [] }) =>
        variables
          .filter(({ name }) => !VARIABLES_LEFT_OUT.test(name))
          .map(({ name, value }) => [name, value]),
      ),
    ),
  };
  const filled = Object.fromEntries(
    Object.entries(expect).filter(([, value]) => Object.keys(value).length > 0),
  );
  const content = {
    object,
    scenario: 'demo',
    seed: 1,
    duration: '1s',
    cases: [{ name: 'sees the demo workload', expect: filled }],
  };
  return `// What came of one run; keep what matters. The format: docs/testing.md.\n${JSON.stringify(content, null, 2)}\n`;
}

/** By map: how many at least, and the first few as they were, without what is a time. */
function recordExpectations(records: readonly RecordDocument[]): Record<string, unknown> {
  const byMap = new Map<string, RecordDocument[]>();
  for (const record of records) byMap.set(record.map, [...(byMap.get(record.map) ?? []), record]);
  return Object.fromEntries(
    [...byMap].map(([map, all]) => {
      const first = all
        .slice(0, RECORDS_SHOWN)
        .map((record) => ({ program: record.program, value: lasting(record.value) }));
      return [map, { count: { $gte: Math.min(all.length, RECORDS_SHOWN) }, in_order: first }];
    }),
  );
}

/** Members that another seed would not change: no times, pids, addresses. */
function lasting(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { $any: true };
  const members = Object.entries(value).filter(
    ([name, member]) =>
      !/(^|_)(ns|us|ts|time|start|end|delta|duration|latency|pid|tid|tgid|ppid|addr|cgroup|id|inode|stack)/i.test(
        name,
      ) && typeof member !== 'object',
  );
  return Object.fromEntries(members);
}
