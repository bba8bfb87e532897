const GROUPED = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const STEPS: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1,234,567`; a decimal string beyond 2^53 is grouped as well. */
export function grouped(value: number | bigint | string): string {
  if (typeof value !== 'string') return GROUPED.format(value);
  return /^-?\d+$/.test(value) ? GROUPED.format(BigInt(value)) : value;
}

/** `1.2k`, `3.4M`: three digits at most, for figures that change too fast to be read in full. */
export function short(value: number): string {
  for (const [size, unit] of STEPS) {
    const scaled = value / size;
    if (Math.abs(scaled) >= 0.9995) return trimmed(scaled) + unit;
  }
  return trimmed(value);
}

function trimmed(value: number): string {
  const digits = Math.abs(value) >= 99.95 ? 0 : 1;
  return value.toFixed(digits).replace(/\.0$/, '');
}

/** `512 B`, `1.5 KiB`. */
export function bytes(value: number): string {
  let unit = 0;
  while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${trimmed(value)} ${BYTE_UNITS[unit]}`;
}

/** `1 record`, `2 records`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}
