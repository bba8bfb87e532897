import { InvalidArgumentError } from 'commander';

const AGO_MS: Readonly<Record<string, number>> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };
const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** A wall time in RFC 3339, or how long ago: `30s`, `2m`, `1.5h`, `1d`. @returns RFC 3339 in UTC */
export function parseMoment(text: string): string {
  const ago = /^(\d+(?:\.\d+)?)([smhd])(?: ago)?$/.exec(text);
  if (ago) return new Date(Date.now() - Number(ago[1]) * AGO_MS[ago[2]]).toISOString();
  const match = RFC_3339.exec(text);
  if (match) {
    const [, day, time, fraction = '', zone] = match;
    // Date has milliseconds only; the fraction is put back as it was.
    const whole = new Date(`${day}T${time}${zone.toUpperCase()}`);
    if (!Number.isNaN(whole.getTime())) return whole.toISOString().replace('.000Z', `${fraction}Z`);
  }
  throw new InvalidArgumentError('a time is wanted: 2026-01-01T12:00:00Z, or how long ago: 30s, 2m, 1h');
}

/** `BOOT:SEQUENCE` of a record. */
export function parsePosition(text: string): { boot: string; sequence: number } {
  const match = /^([^\s:]+):(\d+)$/.exec(text);
  const sequence = Number(match?.[2]);
  if (!match || !Number.isSafeInteger(sequence)) {
    throw new InvalidArgumentError('BOOT:SEQUENCE of a record is wanted, as --json prints them');
  }
  return { boot: match[1], sequence };
}
