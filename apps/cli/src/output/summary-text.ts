import { formatTable } from './columns';
import type { SummaryDocument } from './documents';
import { counted } from './facts';

/** The end of a run: what each program did, and the totals. */
export function summaryText(summary: SummaryDocument): string {
  const several = new Set(summary.programs.map(({ object }) => object)).size > 1;
  const cut = summary.programs.some((program) => program.budget_exceeded > 0);
  const table = formatTable(
    [
      ...(several ? [{ title: 'OBJECT' }] : []),
      { title: 'PROGRAM' },
      { title: 'HOOK' },
      { title: 'RUNS', align: 'right' as const },
      { title: 'RECURSION', align: 'right' as const },
      ...(cut ? [{ title: 'CUT SHORT', align: 'right' as const }] : []),
    ],
    summary.programs.map((program) => [
      ...(several ? [program.object] : []),
      program.program,
      program.hooks.join(', ') || '(not attached)',
      String(program.runs),
      String(program.recursion_misses),
      ...(cut ? [String(program.budget_exceeded)] : []),
    ]),
  );
  return `\n${table}\n\n${faultLines(summary)}${totals(summary)}`;
}

function faultLines({ faults = [] }: SummaryDocument): string {
  return faults
    .map(({ fault, calls, injected }) => `fault ${fault}: ${injected} of ${counted(calls, 'call')} failed\n`)
    .join('');
}

function totals({
  records,
  lost,
  trace_lines: lines,
  simulated_ns: ns,
  scenario,
  seed,
}: SummaryDocument): string {
  const parts = [counted(records, 'record')];
  if (lost) parts.push(`${lost} lost`);
  if (lines) parts.push(counted(lines, 'trace line'));
  return `${parts.join(', ')} in ${seconds(ns)} of virtual time (scenario ${scenario}, seed ${seed})`;
}

/** `12 s`, `0.25 s`. */
export function seconds(ns: number): string {
  return `${Number((ns / 1e9).toFixed(3))} s`;
}
