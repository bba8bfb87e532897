import { fail } from './errors';

/** A span of virtual time: `'10ms'`, `'2s'`, `'1.5us'`, or a number of nanoseconds. */
export type Duration = string | number | bigint;

const UNITS_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const EINVAL = 22;
/** 100 days: beyond it, virtual time is no exact number. */
const NS_MAX = 100 * 86_400e9;

/** @internal Nanoseconds of a span. @throws ProbedError `duration` */
export function nanoseconds(duration: Duration): number {
  const ns = typeof duration === 'string' ? parse(duration) : Number(duration);
  if (ns >= 0 && ns <= NS_MAX) return Math.round(ns);
  return fail('duration', `${duration} is no duration`, {
    errno: EINVAL,
    hint: "e.g. '10ms', '2s', or nanoseconds",
  });
}

function parse(text: string): number {
  const [, count, unit] = /^\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*$/.exec(text) ?? [];
  return count === undefined ? Number.NaN : Number(count) * (UNITS_NS[unit] ?? Number.NaN);
}
