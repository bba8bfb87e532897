import { CAP } from '@probed/abi';
import { type KernelProfile, kernelFacts } from '@probed/machine';
import { CommandFailed, failUsage } from '../errors';
import { judgedKernel, type KernelChoice } from '../input/kernel-option';
import { ObjectFiles } from '../input/object-file';
import { formatTable } from '../output/columns';
import { errnoText, formatFault, formatLog } from '../output/fault-text';
import { note, Printer } from '../output/printer';
import { Progress } from '../output/progress';
import { explanationText, paintFor } from './explanation-text';
import { type Verdict, verifyObject } from './verify-object';

export interface VerifyFilesOptions extends KernelChoice {
  readonly verbose?: boolean;
  readonly explain?: boolean;
  readonly json?: boolean;
  readonly kernelConfig: KernelProfile;
  readonly caps?: string;
  readonly logLevel?: number;
}

const CPUS = 4;

/** `probectl prog verify`. */
export async function verifyFiles(files: readonly string[], options: VerifyFilesOptions): Promise<void> {
  const caps = parseCaps(options.caps);
  const image = judgedKernel(options);
  const facts = kernelFacts(image, CPUS, options.kernelConfig);
  const reader = new ObjectFiles(image);
  const printer = new Printer(options.json === true);
  const report = new VerdictReport(printer, options.verbose === true);
  const progress = new Progress();
  const { logLevel = 1 } = options;
  for (const file of files) {
    const object = await reader.read(file);
    if (!object.ok) {
      progress.clear();
      report.unreadable(formatFault(object.error), object.error.log ?? []);
      continue;
    }
    for (const verdict of verifyObject(object.value, facts, {
      logLevel,
      caps,
      explain: options.explain === true,
    })) {
      progress.clear();
      report.add(verdict);
      progress.update(() => `verified ${report.count} programs`);
      await printer.drain();
    }
  }
  progress.clear();
  report.end();
  await printer.drain();
  if (report.failed) throw new CommandFailed();
}

/** `CAP_BPF,CAP_PERFMON`, or short as in `bpf,perfmon`; `all` or nothing said: all of them. */
function parseCaps(list: string | undefined): ReadonlySet<string> | undefined {
  if (list === undefined || list === 'all') return undefined;
  if (list === 'none' || list === '') return new Set();
  const names = list.split(',').map((name) => name.trim().toUpperCase().replace(/^CAP_/, ''));
  const wrong = names.find((name) => !(name in CAP));
  if (wrong !== undefined) failUsage(`--caps: ${wrong} is no capability`, 'e.g. bpf,perfmon,net_admin');
  return new Set(names.map((name) => `CAP_${name}`));
}

/** Verdicts for programs at once, for people as one table at the end (or one by one with their logs). */
class VerdictReport {
  failed = false;
  private readonly verdicts: Verdict[] = [];

  constructor(
    private readonly printer: Printer,
    private readonly verbose: boolean,
  ) {}

  get count(): number {
    return this.verdicts.length;
  }

  unreadable(fault: string, log: readonly string[]): void {
    this.failed = true;
    note(fault);
    for (const line of formatLog(log, this.verbose)) process.stderr.write(`${line}\n`);
  }

  add(verdict: Verdict): void {
    this.failed ||= verdict.verdict !== 'accept';
    this.verdicts.push(verdict);
    const { reason: _, ...document } = verdict;
    this.printer.document(document);
  }

  end(): void {
    if (this.verdicts.length === 0) return;
    if (this.verbose) for (const verdict of this.verdicts) this.printer.text(logText(verdict));
    const paint = paintFor(process.stdout.isTTY === true && !process.env['NO_COLOR']);
    for (const { file, program, section, explanation } of this.verdicts) {
      if (explanation)
        this.printer.text(explanationText(`${file}: ${program} (${section})`, explanation, paint));
    }
    this.printer.text(verdictTable(this.verdicts));
  }
}

function logText({ file, program, section, log }: Verdict): string {
  return [`${file}: ${program} (${section})`, ...formatLog(log, true), ''].join('\n');
}

function verdictTable(verdicts: readonly Verdict[]): string {
  return formatTable(
    [
      { title: 'FILE' },
      { title: 'SECTION' },
      { title: 'PROGRAM' },
      { title: 'TYPE' },
      { title: 'INSNS', align: 'right' },
      { title: 'PROCESSED', align: 'right' },
      { title: 'VERDICT' },
      { title: 'REASON' },
    ],
    verdicts.map(({ file, section, program, type, insns, processed, verdict, reason, errno }) => [
      file,
      section,
      program,
      type,
      String(insns),
      String(processed),
      verdict,
      reason && `${errnoText(errno)}: ${reason}`,
    ]),
  );
}
