import type { Diagnostic } from '@probed/base';
import { type CoverageReport, collectCoverage } from '@probed/machine';
import { CommandError } from '../errors';
import type { RunDocument } from '../output/documents';
import { collectNotes } from '../output/printer';
import type { RunOptions } from '../run/run-options';
import { RunSession } from '../run/session';
import type { TestCase } from './case';
import { judge } from './judge';
import type { Pattern } from './match';
import type { Failure, Outcome } from './outcome';
import { EventScript } from './script';
import type { Snapshots } from './snapshots';

/** What became of a case. */
export interface CaseResult {
  readonly test: Pick<TestCase, 'file' | 'name'>;
  readonly status: 'passed' | 'failed' | 'skipped';
  /** Why it is left out. */
  readonly reason?: string;
  readonly failures: readonly Failure[];
  /** Remarks of loading and attaching. */
  readonly notes: readonly string[];
  readonly wallMs: number;
  /** Records and virtual time, for people. */
  readonly records: number;
}

export interface CaseSettings {
  readonly engine?: 'jit' | 'interp';
  /** In addition to those of the case. */
  readonly faults: readonly string[];
  /** Counts what runs. */
  readonly coverage?: CoverageReport;
}

/** More than anybody looks through; keeps a flood of records out of memory. */
const RECORDS_MAX = 500_000;

/** Runs a case on a machine of its own and judges what came of it. */
export async function runCase(
  test: TestCase,
  snapshots: Snapshots,
  settings: CaseSettings,
): Promise<CaseResult> {
  const began = performance.now();
  const notes: string[] = [];
  const outcome = await collectNotes(
    (line) => notes.push(line),
    () => perform(test, settings, snapshots),
  );
  const failures = judge(test.expect, outcome, snapshots);
  const wallMs = performance.now() - began;
  const status = failures.length === 0 ? 'passed' : 'failed';
  return { test, status, failures, notes, wallMs, records: outcome.records.length };
}

async function perform(test: TestCase, settings: CaseSettings, snapshots: Snapshots): Promise<Outcome> {
  try {
    const session = await RunSession.open(test.objects, runOptions(test, settings));
    return await drive(session, test, settings, snapshots);
  } catch (error) {
    if (error instanceof CommandError) return { ...NOTHING, error: error.diagnostic as Diagnostic };
    throw error;
  }
}

const NOTHING: Outcome = { records: [], lost: [], trace: [], maps: [], programs: [], faults: [], fired: [] };

async function drive(
  session: RunSession,
  test: TestCase,
  settings: CaseSettings,
  snapshots: Snapshots,
): Promise<Outcome> {
  const { machine } = session;
  const script = new EventScript(machine, test.events);
  const taken = new Taken();
  const outcome = (): Outcome => ({
    ...taken.documents(),
    faults: machine.faults?.counts ?? [],
    fired: script.fired,
  });
  // Maps and programs are in the summary; in between they are looked at as they are.
  const enough = () => {
    if (test.timeoutNs === undefined) return false;
    const { maps, programs } = session.present();
    return judge(test.expect, { ...outcome(), maps, programs }, snapshots).length === 0;
  };
  await session.run(
    (document) => taken.put(document),
    async () => {},
    { steps: script.steps(), enough },
  );
  if (settings.coverage) {
    for (const { collection } of session.objects) collectCoverage(collection, settings.coverage);
  }
  return outcome();
}

/** A run's documents by kind. */
class Taken {
  private readonly all: RunDocument[] = [];

  put(document: RunDocument): void {
    if (this.all.length < RECORDS_MAX || document.type === 'map' || document.type === 'summary') {
      this.all.push(document);
    }
  }

  documents(): Omit<Outcome, 'faults' | 'fired'> {
    const ofType = <T extends RunDocument['type']>(type: T) =>
      this.all.filter((document): document is Extract<RunDocument, { type: T }> => document.type === type);
    return {
      records: ofType('record'),
      lost: ofType('lost'),
      trace: ofType('trace'),
      maps: ofType('map'),
      programs: ofType('summary').flatMap(({ programs }) => programs),
    };
  }
}

function runOptions(test: TestCase, settings: CaseSettings): RunOptions {
  return {
    for: test.timeoutNs ?? test.durationNs,
    seed: test.seed,
    scenario: test.scenario,
    set: [...test.set].map(([name, value]) => ({ name, value: settingText(value) })),
    map: [...test.mapSizes].map(([map, maxEntries]) => ({ map, maxEntries })),
    mapInit: test.mapEntries,
    event: test.eventTypes,
    attach: test.attach,
    engine: settings.engine ?? test.engine ?? 'jit',
    maps: true,
    cpus: test.cpus,
    fault: [...test.faults, ...settings.faults],
    coverage: settings.coverage !== undefined,
    btf: test.btf,
    release: test.release,
  };
}

/** As `--set` takes it. */
function settingText(value: Pattern): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null) return String(value);
  return jsonText(value);
}

/** JSON with integers of any size. */
function jsonText(value: Pattern): string {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Pattern[]).map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value as { readonly [name: string]: Pattern });
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${jsonText(item)}`).join(',')}}`;
}
