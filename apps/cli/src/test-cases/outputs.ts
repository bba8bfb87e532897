import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fail, failUsage } from '../errors';
import { jsonReporter } from './json-reporter';
import { junitReporter } from './junit';
import { prettyReporter } from './pretty';
import type { Reporter } from './reporter';
import { tapReporter } from './tap';

export type TestFormat = 'tap' | 'junit' | 'pretty' | 'json';

/** Where reports go, and how they are told. */
export interface OutputOptions {
  readonly format?: TestFormat;
  readonly json?: boolean;
  /** Files for reports; then the terminal still gets its own. */
  readonly output?: readonly string[];
}

interface ReportFile {
  readonly path: string;
  readonly reporter: Reporter;
  text: string;
}

const REPORTERS: Readonly<Record<TestFormat, () => Reporter>> = {
  tap: () => tapReporter,
  junit: () => junitReporter,
  json: () => jsonReporter,
  pretty: () => prettyReporter(process.stdout.isTTY === true && !process.env['NO_COLOR']),
};

/** The report, to files or to the terminal; with files, the terminal is told too. */
export class Outputs {
  private readonly toTerminal: Reporter;
  private readonly files: readonly ReportFile[];

  constructor({ format, json, output = [] }: OutputOptions) {
    const terminal: TestFormat = process.stdout.isTTY ? 'pretty' : 'tap';
    const asked = json ? 'json' : format;
    // One name with --format: the name need not tell.
    const formatFor = (path: string) => (output.length === 1 && asked) || formatOf(path);
    this.files = output.map((path) => ({ path, reporter: REPORTERS[formatFor(path)](), text: '' }));
    this.toTerminal = REPORTERS[output.length === 1 ? terminal : (asked ?? terminal)]();
  }

  put(say: (reporter: Reporter) => string | undefined): void {
    process.stdout.write(say(this.toTerminal) ?? '');
    for (const file of this.files) file.text += say(file.reporter) ?? '';
  }

  close(): void {
    for (const { path, text } of this.files) {
      try {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      } catch (error) {
        fail('file-unwritable', (error as Error).message, { where: path });
      }
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
