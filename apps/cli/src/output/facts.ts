/** `name  value` lines, values in one column; facts that are undefined are left out. */
export function formatFacts(facts: readonly (readonly [name: string, value: string | undefined])[]): string {
  const told = facts.filter(([, value]) => value !== undefined && value !== '');
  const width = Math.max(0, ...told.map(([name]) => name.length));
  return told.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** `2026-01-01T03:25:00.123456789Z` as `2026-01-01 03:25:00`. */
export function shortTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `12.3 MiB`. */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let value = bytes;
  for (; value >= 1024 && unit < UNITS.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

const MINUTE_S = 60;
const HOUR_S = 3600;
const DAY_S = 24 * HOUR_S;

/** `4.2 s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function formatSeconds(seconds: number): string {
  if (seconds < MINUTE_S) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)}m ${Math.floor(seconds % MINUTE_S)}s`;
  if (seconds < DAY_S)
    return `${Math.floor(seconds / HOUR_S)}h ${Math.floor((seconds % HOUR_S) / MINUTE_S)}m`;
  return `${Math.floor(seconds / DAY_S)}d ${Math.floor((seconds % DAY_S) / HOUR_S)}h`;
}

/** `1 record`, `2 records`. */
export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
