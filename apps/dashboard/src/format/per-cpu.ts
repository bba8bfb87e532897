import { isMembers } from './value';

/**
 * All CPUs together: integers (numbers or decimal strings) are added exactly, arrays and structs member by member;
 * anything else (text, addresses) has no sum and is kept where all CPUs agree.
 */
export function sumOfCpus(values: readonly unknown[]): unknown {
  if (values.length === 0) return undefined;
  if (values.every(isInteger)) return exact(values.reduce<bigint>((sum, value) => sum + BigInt(value), 0n));
  if (values.every(Array.isArray))
    return (values[0] as readonly unknown[]).map((_, at) =>
      sumOfCpus((values as readonly (readonly unknown[])[]).map((value) => value[at])),
    );
  if (values.every(isMembers))
    return Object.fromEntries(
      Object.keys(values[0]).map((name) => [name, sumOfCpus(values.map((value) => value[name]))]),
    );
  return values.every((value) => value === values[0]) ? values[0] : undefined;
}

function isInteger(value: unknown): value is number | string {
  return Number.isInteger(value) || (typeof value === 'string' && /^-?\d+$/.test(value));
}

/** A number where that is exact, else decimal text, as on the wire. */
function exact(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
