import { basename } from 'node:path';
import type { Gap, GapKind, ProgramCheck } from '@probed/machine';
import { type Column, formatTable } from '../output/columns';
import type { ObjectCheck } from './check-files';
import type { NamedKernel } from './checked-kernels';

interface CheckTextOptions {
  /** With source lines, libbpf's words, what is guarded, and the verifier's last lines. */
  readonly verbose: boolean;
  /** Another object follows. */
  readonly more: boolean;
}

const LOADS = '✓';
const DOUBTFUL = '✓ *';
/** What a cell of the table says is missing. */
const CELL: Readonly<Record<GapKind, string>> = {
  field: '✗ field',
  'field-type': '✗ field type',
  type: '✗ type',
  'enum-value': '✗ enum value',
  relocation: '✗ relocation',
  ksym: '✗ symbol',
  kfunc: '✗ kfunc',
  kconfig: '✗ config',
  'attach-target': '✗ target',
  helper: '✗ helper',
  'map-type': '✗ map type',
  'program-type': '✗ program type',
  'attach-type': '✗ attach type',
  verifier: '✗ refused',
};
const LOG_LINES = 6;

/** The table of one object, programs by kernels, and the reasons below it. */
export function checkText(check: ObjectCheck, { verbose, more }: CheckTextOptions): string {
  const { object, kernels, checks } = check;
  const lines = [`${object.name}: ${summary(check)}`];
  if (object.programs.length > 0) {
    const columns: Column[] = [
      { title: 'PROGRAM' },
      { title: 'SECTION' },
      ...kernels.map(({ name }) => ({ title: name })),
    ];
    const rows = object.programs.map(({ name, section }, p) => [
      name,
      section,
      ...kernels.map((_, k) => cell(checks[k][p])),
    ]);
    lines.push(indent(formatTable(columns, rows)));
  }
  for (const reason of reasons(check, verbose)) lines.push('', ...reason);
  if (more) lines.push('');
  return lines.join('\n');
}

function summary({ object, kernels, checks }: ObjectCheck): string {
  const failing = kernels.filter((_, k) => checks[k].some(({ verdict }) => verdict === 'fails')).length;
  const programs = `${object.programs.length} program${object.programs.length === 1 ? '' : 's'}`;
  if (kernels.length === 1)
    return `${programs}, ${failing ? 'not all load' : 'all load'} on ${kernels[0].name}`;
  if (failing === 0) return `${programs}, all load on all ${kernels.length} kernels`;
  return `${programs}, all load on ${kernels.length - failing} of ${kernels.length} kernels`;
}

function cell({ verdict, gap, doubt }: ProgramCheck): string {
  if (verdict === 'loads') return doubt ? DOUBTFUL : LOADS;
  if (verdict === 'relocated') return '– not verified';
  return gap ? CELL[gap.kind] : '✗';
}

/** One reason with the programs and kernels that it concerns. */
interface Reason {
  readonly gap: Gap;
  readonly word: string;
  readonly programs: Set<string>;
  readonly kernels: Set<NamedKernel>;
}

function reasons({ kernels, checks }: ObjectCheck, verbose: boolean): string[][] {
  const found = new Map<string, Reason>();
  const add = (gap: Gap, word: string, program: string, kernel: NamedKernel) => {
    const place = gap.source ? `${gap.source.file}:${gap.source.line}` : '';
    const key = `${word}\t${gap.message}\t${place}`;
    const reason = found.get(key) ?? { gap, word, programs: new Set(), kernels: new Set() };
    reason.programs.add(program);
    reason.kernels.add(kernel);
    found.set(key, reason);
  };
  for (const [k, kernel] of kernels.entries()) {
    for (const { program, verdict, gap, doubt, guarded } of checks[k]) {
      if (gap) add(gap, verdict === 'relocated' ? '–' : '✗', program, kernel);
      if (doubt) add(doubt, '*', program, kernel);
      if (verbose) for (const guard of guarded) add(guard, '·', program, kernel);
    }
  }
  return [...found.values()].map((reason) => reasonLines(reason, kernels, verbose));
}

function reasonLines(
  { gap, word, programs, kernels }: Reason,
  all: readonly NamedKernel[],
  verbose: boolean,
): string[] {
  const where = all.length === 1 ? '' : ` on ${listed([...kernels].map(({ name }) => name))}`;
  const lines = [`  ${word} ${listed([...programs])}${where}`, `      ${sentence(gap, word)}${placeOf(gap)}`];
  if (gap.source?.text) lines.push(`      ${gap.source.line} | ${gap.source.text}`);
  if (verbose && gap.spec) lines.push(`      ${gap.spec}`);
  if (verbose && gap.log) lines.push(...gap.log.slice(-LOG_LINES).map((line) => `      ${line}`));
  return lines;
}

function sentence({ kind, message }: Gap, word: string): string {
  if (word === '–') return `relocated, not verified: ${message}`;
  if (word === '·') return `guarded, never reached there: ${message}`;
  return kind === 'verifier' ? `the verifier refuses it: ${message}` : message;
}

function placeOf({ relocation, source }: Gap): string {
  const at = source ? `at ${basename(source.file)}:${source.line}` : '';
  if (relocation !== undefined) return `: CO-RE relocation #${relocation} ${at}`.trimEnd();
  return at && `, ${at}`;
}

const LISTED_MAX = 6;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, LISTED_MAX).join(', ');
  return names.length > LISTED_MAX ? `${shown} and ${names.length - LISTED_MAX} more` : shown;
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '  ');
}
