import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, EXAMPLES, example, parseDocuments, probectl } from './probectl';

const folder = mkdtempSync(join(tmpdir(), 'probectl-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;

/** A file with one case for opensnoop. */
function caseFile(members: object): string {
  const path = join(folder, `${++files}.probed.json`);
  writeFileSync(path, JSON.stringify({ object: example('opensnoop'), duration: '200ms', ...members }));
  return path;
}

const PASSES = { expect: { programs: { enter_openat: { runs: { $gte: 1 } } } } };
const FAILS = { expect: { records: [{ comm: 'systemd', ret: -99 }] } };

describe('the cases of the examples', () => {
  const lcov = join(folder, 'lcov.info');
  const report = join(folder, 'report.xml');
  const { code, stdout, stderr } = probectl(
    'test',
    EXAMPLES,
    '--coverage',
    '--coverage-out',
    lcov,
    '--output',
    report,
  );

  test('pass, told as TAP into a pipe', () => {
    expect(stdout).not.toContain('not ok');
    expect(stdout).toMatch(/^TAP version 14\n1\.\.\d+\nok 1 - /);
    expect(code).toBe(0);
  });

  test('and as JUnit into a file', () => {
    const text = readFileSync(report, 'utf8');
    const tests = Number(/<testsuites .* tests="(\d+)" failures="0"/.exec(text)?.[1]);
    expect(tests).toBe(text.match(/<testcase /g)!.length);
    expect(tests).toBeGreaterThan(10);
  });

  test('with coverage of the C sources', () => {
    const text = readFileSync(lcov, 'utf8');
    expect(text).toMatch(/^TN:\nSF:examples\/execaudit\/execaudit\.bpf\.c\n/);
    expect(text).toMatch(/^FNDA:[1-9]\d*,on_execve$/m);
    expect(text).toMatch(/^DA:\d+,[1-9]/m);
    expect(text).toMatch(/^BRDA:\d+,\d+,[01],(\d+|-)$/m);
    expect(stderr).toMatch(/opensnoop\.bpf\.c +\d+\.\d % \(\d+\/\d+\)/);
  });

  test('give the same with the interpreter', () => {
    const again = probectl('test', join(EXAMPLES, 'syscount'), '--engine', 'interp');
    expect(again.code).toBe(0);
  });
});

test('a failing case shows the nearest record', () => {
  const { code, stdout } = probectl('test', caseFile(FAILS));
  expect(code).toBe(1);
  expect(stdout).toContain('not ok 1 - ');
  expect(stdout).toMatch(
    /nearest is record \d+ of \d+:\n +value\.comm: "systemd"\n +- value\.ret: -99\n +\+ value\.ret: 3\n/,
  );
});

test('--json tells the same to programs', () => {
  const { stdout } = probectl('test', caseFile(FAILS), '--json');
  const [result, summary] = parseDocuments(stdout);
  expect(result).toMatchObject({
    type: 'case',
    status: 'failed',
    failures: [{ what: 'no record as expected (1 of 1)' }],
  });
  expect(summary).toMatchObject({ type: 'summary', passed: 0, failed: 1 });
});

test('--bail, --filter, --list, skip and only', () => {
  const cases = [
    { name: 'first', ...FAILS },
    { name: 'second', ...PASSES },
    { name: 'third', skip: 'flaky', ...PASSES },
  ];
  const path = caseFile({ cases });
  const statuses = (...args: string[]) =>
    parseDocuments(probectl('test', path, '--json', ...args).stdout)
      .filter((document) => document['type'] === 'case')
      .map((document: Document) => `${document['name']} ${document['status']}`);
  expect(statuses()).toEqual(['first failed', 'second passed', 'third skipped']);
  expect(statuses('--bail')).toEqual(['first failed', 'second skipped', 'third skipped']);
  expect(statuses('--filter', 'second')).toEqual(['second passed']);
  expect(probectl('test', path, '--list').stdout).toContain(': third (skipped)\n');
  const only = caseFile({ cases: [cases[0], { ...cases[1], only: true }] });
  expect(probectl('test', only, '--json').code).toBe(0);
});

test('a timeout ends a case as soon as what is expected has come', () => {
  const expect_ = { records: [{ comm: 'systemd' }], programs: { exit_openat: { runs: { $lt: 60 } } } };
  const { code } = probectl('test', caseFile({ timeout: '20s', duration: undefined, expect: expect_ }));
  expect(code).toBe(0);
});

test('snapshots: written with --update, compared from then on', () => {
  const path = caseFile({
    name: 'all of it',
    expect: { records: { events: 'snapshot' }, maps: { starts: 'snapshot' } },
  });
  expect(probectl('test', path).stdout).toContain('there is no snapshot yet');
  expect(probectl('test', path, '--update').code).toBe(0);
  const side = path.replace('.json', '.snap.json');
  expect(probectl('test', path).code).toBe(0);
  writeFileSync(side, readFileSync(side, 'utf8').replace('"systemd"', '"another"'));
  const changed = probectl('test', path);
  expect(changed.code).toBe(1);
  expect(changed.stdout).toContain('- value.comm: "another"');
});

test('--init writes a case that passes', () => {
  const object = join(folder, 'first.bpf.o');
  writeFileSync(object, readFileSync(example('execaudit')));
  expect(probectl('test', '--init', object).code).toBe(0);
  const path = join(folder, 'first.probed.json');
  expect(existsSync(path)).toBe(true);
  expect(probectl('test', path).code).toBe(0);
  expect(probectl('test', '--init', object).code).toBe(1);
});

test.each([
  [['test', '/nowhere'], 1, 'no such file or folder'],
  [['test', example('opensnoop')], 1, 'is no case file'],
  [['test', EXAMPLES, '--filter', 'no such case'], 1, 'no case has "no such case" in its name'],
  [['test', EXAMPLES, '--format', 'xml'], 2, 'Allowed choices are tap, junit, pretty, json'],
  [['test', join(EXAMPLES, 'syscount'), '--output', join(folder, 'report')], 2, 'which format?'],
  [['run', example('opensnoop'), '--fault', 'ringbuf'], 1, "no fault is called 'ringbuf'"],
] as const)('%j ends with %i', (args, code, words) => {
  const called = probectl(...args);
  expect(called.stderr).toContain(words);
  expect(called.code).toBe(code);
});

test('--list-faults names them all', () => {
  const { stdout } = probectl('test', '--list-faults');
  for (const name of ['ringbuf-full', 'map-enomem', 'probe-read']) expect(stdout).toContain(`\n${name} `);
});

test('run: faults are counted in the summary, --why explains', () => {
  const [path, ring] = [example('execaudit'), 'ringbuf-full'];
  const all = parseDocuments(
    probectl('run', path, '--for', '100ms', '--json', '--no-maps', '--fault', ring, '--why').stdout,
  );
  const summary = all.find((document) => document['type'] === 'summary')!;
  expect(summary).toMatchObject({ records: 0, faults: [{ fault: ring }] });
  const why = all.filter((document) => document['type'] === 'why');
  expect(why).toMatchObject([
    { program: 'on_execve', findings: [{ code: 'output-refused' }] },
    { program: 'on_exec' },
  ]);
});
