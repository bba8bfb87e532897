import { type Diagnostic, formatDiagnostic } from '@probed/base';
import { CoverageReport, FAULTS } from '@probed/machine';
import { writeCoverage } from '../coverage-file/write-coverage';
import { CommandFailed, fail } from '../errors';
import { formatTable } from '../output/columns';
import type { TestCase } from './case';
import { type Chosen, chooseCases, faultOf } from './choose-cases';
import { initCase } from './init-case';
import { type OutputOptions, Outputs } from './outputs';
import { totalsOf } from './reporter';
import { type CaseResult, type CaseSettings, runCase } from './run-case';
import { SnapshotStores } from './snapshots';
import { testFiles } from './test-files';

/** What the user asks of `probectl test`. */
export interface TestOptions extends OutputOptions {
  readonly filter?: readonly string[];
  readonly list?: boolean;
  readonly listFaults?: boolean;
  readonly bail?: boolean;
  readonly update?: boolean;
  readonly init?: string;
  readonly engine?: 'jit' | 'interp';
  readonly fault?: readonly string[];
  readonly coverage?: boolean;
  readonly coverageOut?: string;
}

/** `probectl test`. */
export async function testCommandLine(paths: readonly string[], options: TestOptions): Promise<void> {
  if (options.listFaults) return listFaults(options);
  if (options.init !== undefined) return initCase(options.init);
  const files = testFiles(paths.length > 0 ? paths : ['.']);
  if (files.length === 0) {
    const hint =
      'files are called *.probed.yaml or *.probed.json; probectl test --init OBJECT writes a first one';
    fail('case-file', 'no cases', { where: paths.join(' ') || '.', hint });
  }
  const chosen = await chooseCases(files, options.filter ?? []);
  if (options.list) return listCases(chosen, options);
  const { results, coverage } = await runAll(chosen, options);
  if (coverage) writeCoverage(coverage, options.coverageOut, (text) => process.stderr.write(`${text}\n`));
  if (results.some(({ status }) => status === 'failed')) throw new CommandFailed();
}

function listFaults({ json }: TestOptions): void {
  const rows = FAULTS.map(({ name, what, helpers }) => ({
    fault: name,
    what,
    helpers: Object.keys(helpers).map((helper) => `bpf_${helper}`),
  }));
  if (json) for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
  else
    process.stdout.write(
      `${formatTable(
        [{ title: 'FAULT' }, { title: 'WHAT' }],
        rows.map(({ fault, what }) => [fault, what]),
      )}\n`,
    );
}

function listCases({ cases, unreadable }: Chosen, { json }: TestOptions): void {
  for (const { test, skip } of cases) {
    const { file, name } = test;
    const line = json
      ? JSON.stringify({ file, name, skipped: skip !== undefined })
      : `${file}: ${name}${skip === undefined ? '' : ' (skipped)'}`;
    process.stdout.write(`${line}\n`);
  }
  for (const { fault } of unreadable) process.stderr.write(`probectl: ${formatDiagnostic(fault)}\n`);
  if (unreadable.length > 0) throw new CommandFailed();
}

async function runAll({ cases, unreadable }: Chosen, options: TestOptions) {
  const began = performance.now();
  const outputs = new Outputs(options);
  const coverage = options.coverage ? new CoverageReport() : undefined;
  const snapshots = new SnapshotStores(options.update === true);
  const results: CaseResult[] = [];
  outputs.put((reporter) => reporter.begin?.(cases.length + unreadable.length));
  const put = (result: CaseResult) => {
    results.push(result);
    outputs.put((reporter) => reporter.result(result, results.length));
  };
  for (const { file, fault } of unreadable) put(broken({ file, name: 'cannot be read' }, fault));
  for (const { test, skip } of cases) {
    const failed = results.some(({ status }) => status === 'failed');
    const reason = options.bail && failed ? 'an earlier case failed' : skip;
    const settings = { engine: options.engine, faults: options.fault ?? [], coverage };
    put(reason === undefined ? await runOne(test, snapshots, settings) : skipped(test, reason));
  }
  snapshots.save();
  const totals = totalsOf(results, performance.now() - began);
  outputs.put((reporter) => reporter.end?.(results, totals));
  outputs.close();
  return { results, coverage };
}

/** What stops a case is the end of that one only. */
async function runOne(
  test: TestCase,
  snapshots: SnapshotStores,
  settings: CaseSettings,
): Promise<CaseResult> {
  try {
    return await runCase(test, snapshots.of(test), settings);
  } catch (error) {
    return broken(test, faultOf(error));
  }
}

const UNTOUCHED = { failures: [], notes: [], wallMs: 0, records: 0 } as const;

function broken(test: CaseResult['test'], fault: Diagnostic): CaseResult {
  return { ...UNTOUCHED, test, status: 'failed', failures: [{ what: formatDiagnostic(fault), detail: [] }] };
}

function skipped(test: TestCase, reason: string): CaseResult {
  return { ...UNTOUCHED, test, status: 'skipped', reason };
}
