/** Nanoseconds of one operation: the best of several rounds, so that what else the machine does falls out. */
export function bestNs(operationsPerCall: number, call: () => void): number {
  const roundMs = 60;
  const rounds = 7;
  let calls = 1;
  // Warm up and find how many calls fill a round.
  for (;;) {
    const elapsed = timeMs(calls, call);
    if (elapsed > roundMs / 4) {
      calls = Math.max(1, Math.round((calls * roundMs) / elapsed));
      break;
    }
    calls *= 2;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) best = Math.min(best, timeMs(calls, call) / calls);
  return (best * 1e6) / operationsPerCall;
}

function timeMs(calls: number, call: () => void): number {
  const start = performance.now();
  for (let i = 0; i < calls; i++) call();
  return performance.now() - start;
}

/** One line of the report: a figure and the baseline taken in the same run. */
export interface Figure {
  readonly name: string;
  readonly ns: number;
  readonly baseline: string;
  readonly baselineNs: number;
}
