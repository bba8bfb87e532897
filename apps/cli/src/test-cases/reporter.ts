import type { CaseResult } from './run-case';

/** Totals of a run. */
export interface RunTotals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly wallMs: number;
}

/** Turns results into text, as they come. */
export interface Reporter {
  /** @param cases how many there will be */
  begin?(cases: number): string;
  result(result: CaseResult, number: number): string;
  end?(results: readonly CaseResult[], totals: RunTotals): string;
}

export function totalsOf(results: readonly CaseResult[], wallMs: number): RunTotals {
  const count = (status: CaseResult['status']) => results.filter((result) => result.status === status).length;
  return { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), wallMs };
}

/** `FILE: NAME`, FILE left out where all cases are of one. */
export function titleOf({ test }: CaseResult): string {
  return `${test.file}: ${test.name}`;
}
