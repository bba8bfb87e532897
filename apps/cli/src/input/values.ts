import { InvalidArgumentError } from 'commander';

const NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const DURATION_NS_MAX = 24 * 3600e9;

/** `500ms`, `2s`, `1.5m`; a bare number is seconds. @returns nanoseconds */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)?$/.exec(text);
  const ns = match ? Math.round(Number(match[1]) * NS[match[2] ?? 's']) : Number.NaN;
  if (!(ns > 0 && ns <= DURATION_NS_MAX))
    throw new InvalidArgumentError('a duration up to 24h is wanted, e.g. 500ms, 2s, 1m');
  return ns;
}

/** A seed: any integer from 0 to 2^53 - 1. */
export function parseSeed(text: string): number {
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed)) {
    throw new InvalidArgumentError('a whole number from 0 to 9007199254740991 is wanted');
  }
  return seed;
}

/** A whole number between two bounds. */
export function parseCount(low: number, high: number): (text: string) => number {
  return (text) => {
    const count = Number(text);
    if (!/^\d+$/.test(text) || count < low || count > high)
      throw new InvalidArgumentError(`a whole number from ${low} to ${high} is wanted`);
    return count;
  };
}

const FACTOR_MAX = 1_000;

/** A factor from 0 to 1000, e.g. of speed. */
export function parseFactor(text: string): number {
  const factor = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!(factor <= FACTOR_MAX)) throw new InvalidArgumentError(`a number from 0 to ${FACTOR_MAX} is wanted`);
  return factor;
}

export interface Assignment {
  readonly name: string;
  readonly value: string;
}

/** Collects `NAME=VALUE` options. */
export function collectAssignment(text: string, before: readonly Assignment[] = []): Assignment[] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('NAME=VALUE is wanted');
  return [...before, { name: text.slice(0, equals), value: text.slice(equals + 1) }];
}

export interface MapOption {
  readonly map: string;
  readonly maxEntries: number;
}

/** Collects `MAP:max=N` options. */
export function collectMapOption(text: string, before: readonly MapOption[] = []): MapOption[] {
  const match = /^(.+):max=(\d{1,10})$/.exec(text);
  if (!match) throw new InvalidArgumentError('NAME:max=N is wanted, e.g. events:max=65536');
  return [...before, { map: match[1], maxEntries: Number(match[2]) }];
}

/** `STRUCT` or `MAP=STRUCT`. */
export function collectEventChoice(
  text: string,
  before: readonly { map?: string; struct: string }[] = [],
): { map?: string; struct: string }[] {
  const match = /^(?:([^=\s]+)=)?((?:struct |union )?\w+)$/.exec(text);
  if (!match) throw new InvalidArgumentError('STRUCT or MAP=STRUCT is wanted');
  const [, map, struct] = match;
  return [...before, { ...(map !== undefined && { map }), struct }];
}
