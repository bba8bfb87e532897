import type { JsonValue } from '@probed/btf';

/** Members that add up to nothing: the highest counts. */
const HIGHEST = /(^|_)(max|ts|time|timestamp|ktime|start|end|last|seen|updated)(_[nmu]?s(ecs?)?)?$/;
const LOWEST = /(^|_)min(_[nmu]?s(ecs?)?)?$/;
/** Members that name something: the one that there is. */
const NAMES = /(^|_)(pid|tgid|tid|ppid|uid|gid|cpu|id|dev|ino|inode|flags|family|state|type|prio)$/;

type Combine = (values: readonly JsonValue[]) => JsonValue;

/**
 * The values of all CPUs as one: counters added, structs member by member, arrays element by element; of moments and
 * maxima the highest, of text and ids the first that is there. Null when there is none.
 *
 * @param name what the values are called, e.g. the member
 */
export function mergedCpus(values: readonly JsonValue[], name = ''): JsonValue {
  const [first] = values;
  if (first === undefined) return null;
  if (values.every(isInteger)) return combineOf(name)(values);
  if (Array.isArray(first)) {
    return first.map((_, i) => mergedCpus(values.map((value) => (value as JsonValue[])[i] ?? 0)));
  }
  if (typeof first === 'object' && first !== null) {
    return Object.fromEntries(
      Object.keys(first).map((member) => [
        member,
        mergedCpus(
          values.map((value) => (value as { readonly [name: string]: JsonValue })?.[member] ?? null),
          member,
        ),
      ]),
    );
  }
  return firstThereIs(values);
}

function combineOf(name: string): Combine {
  if (HIGHEST.test(name))
    return (values) => values.reduce((a, b) => (BigInt(text(b)) > BigInt(text(a)) ? b : a));
  if (LOWEST.test(name)) {
    return (values) => {
      const used = values.filter((value) => value !== 0);
      return used.length === 0 ? 0 : used.reduce((a, b) => (BigInt(text(b)) < BigInt(text(a)) ? b : a));
    };
  }
  return NAMES.test(name) ? firstThereIs : sumOfIntegers;
}

const EMPTY: ReadonlySet<JsonValue> = new Set<JsonValue>(['', null, false, '0x0', 0]);

function firstThereIs(values: readonly JsonValue[]): JsonValue {
  return values.find((value) => !EMPTY.has(value)) ?? values[0] ?? null;
}

/** Decoded integers are numbers, or decimal strings beyond 2^53; shorter digits are text. */
function isInteger(value: JsonValue): boolean {
  if (typeof value === 'number') return Number.isInteger(value);
  return typeof value === 'string' && /^-?\d{16,20}$/.test(value) && !Number.isSafeInteger(Number(value));
}

function text(value: JsonValue): string {
  return String(value);
}

/** All values added; beyond 2^53 a decimal string. */
export function sumOfIntegers(values: readonly JsonValue[]): number | string {
  let sum = 0n;
  for (const value of values) sum += BigInt(typeof value === 'object' ? 0 : text(value));
  const number = Number(sum);
  return Number.isSafeInteger(number) ? number : sum.toString();
}
