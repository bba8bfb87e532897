import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { CoverageReport, FAULTS } from '@probed/machine';
import { writeCoverage } from '../coverage-file/write-coverage';
import { CommandFailed, fail, failUsage, orFail } from '../errors';
import { formatTable } from '../output/columns';
import type { TestCase } from './case';
import { initCase } from './init-case';
import { jsonReporter } from './json-reporter';
import { junitReporter } from './junit';
import { prettyReporter } from './pretty';
import { readCases } from './read-cases';
import { type Reporter, totalsOf } from './reporter';
import { type CaseResult, runCase } from './run-case';
import { SnapshotStore } from './snapshots';
import { tapReporter } from './tap';
import { testFiles } from './test-files';

export type TestFormat = 'tap' | 'junit' | 'pretty' | 'json';

/** What the user asks of `probectl test`. */
export interface TestOptions {
  readonly format?: TestFormat;
  /** File for the report; then the terminal still gets its own. */
  readonly output?: string;
  readonly json?: boolean;
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

interface ChosenCase {
  readonly test: TestCase;
  /** Why it is left out; undefined for one that runs. */
  readonly skip: string | undefined;
}

async function chooseCases(files: readonly string[], filters: readonly string[]): Promise<ChosenCase[]> {
  const cases: TestCase[] = [];
  for (const file of files) cases.push(...orFail(await readCases(file)));
  const named = cases.filter(({ name, file }) => filters.every((text) => `${file}: ${name}`.includes(text)));
  if (named.length === 0)
    fail('no-such-case', `no case has ${filters.map((text) => `"${text}"`).join(' and ')} in its name`);
  const anyOnly = named.some(({ only }) => only);
  return named.map((test) => ({
    test,
    skip: test.skip ?? (anyOnly && !test.only ? 'not among the only ones' : undefined),
  }));
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

function listCases(cases: readonly ChosenCase[], { json }: TestOptions): void {
  for (const { test, skip } of cases) {
    const { file, name } = test;
    const line = json
      ? JSON.stringify({ file, name, skipped: skip !== undefined })
      : `${file}: ${name}${skip === undefined ? '' : ' (skipped)'}`;
    process.stdout.write(`${line}\n`);
  }
}

async function runAll(cases: readonly ChosenCase[], options: TestOptions) {
  const began = performance.now();
  const outputs = new Outputs(options);
  const coverage = options.coverage ? new CoverageReport() : undefined;
  const stores = new Map<string, SnapshotStore>();
  const results: CaseResult[] = [];
  outputs.put((reporter) => reporter.begin?.(cases.length));
  for (const { test, skip } of cases) {
    if (!stores.has(test.file)) stores.set(test.file, new SnapshotStore(test.file, options.update === true));
    const reason =
      options.bail && results.some(({ status }) => status === 'failed') ? 'an earlier case failed' : skip;
    const settings = { engine: options.engine, faults: options.fault ?? [], coverage };
    const snapshots = stores.get(test.file)!.of(test.name);
    const result = reason === undefined ? await runCase(test, snapshots, settings) : skipped(test, reason);
    results.push(result);
    outputs.put((reporter) => reporter.result(result, results.length));
  }
  for (const store of stores.values()) store.save();
  const totals = totalsOf(results, performance.now() - began);
  outputs.put((reporter) => reporter.end?.(results, totals));
  outputs.close();
  return { results, coverage };
}

function skipped(test: TestCase, reason: string): CaseResult {
  return { test, status: 'skipped', reason, failures: [], notes: [], wallMs: 0, records: 0 };
}

const REPORTERS: Readonly<Record<TestFormat, () => Reporter>> = {
  tap: () => tapReporter,
  junit: () => junitReporter,
  json: () => jsonReporter,
  pretty: () => prettyReporter(process.stdout.isTTY === true && !process.env['NO_COLOR']),
};

/** The report, to a file or to the terminal; with a file, the terminal is told too. */
class Outputs {
  private readonly toTerminal: Reporter | undefined;
  private readonly toFile: Reporter | undefined;
  private text = '';

  constructor(private readonly options: TestOptions) {
    const terminal: TestFormat = process.stdout.isTTY ? 'pretty' : 'tap';
    const asked = options.json ? 'json' : options.format;
    const toFile = options.output !== undefined;
    this.toFile = toFile ? REPORTERS[asked ?? formatOf(options.output!)]() : undefined;
    this.toTerminal = REPORTERS[toFile ? terminal : (asked ?? terminal)]();
  }

  put(say: (reporter: Reporter) => string | undefined): void {
    process.stdout.write((this.toTerminal && say(this.toTerminal)) || '');
    if (this.toFile) this.text += say(this.toFile) ?? '';
  }

  close(): void {
    const { output } = this.options;
    if (output === undefined) return;
    try {
      mkdirSync(dirname(output), { recursive: true });
      writeFileSync(output, this.text);
    } catch (error) {
      fail('file-unwritable', (error as Error).message, { where: output });
    }
  }
}

/** By the name of the file. */
function formatOf(output: string): TestFormat {
  if (output.endsWith('.xml')) return 'junit';
  if (output.endsWith('.tap')) return 'tap';
  if (/\.jsonl?$/.test(output)) return 'json';
  return failUsage(
    `--output ${output}: which format?`,
    '--format tap, junit, pretty or json, or a name that ends in .xml, .tap, .json',
  );
}
