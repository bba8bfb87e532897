import type { JsonValue } from '@probed/btf';
import type { Histogram } from '@probed/machine';
import { plainCell } from './cells';

/** Stars of the longest bar. */
const BAR_WIDTH = 40;

/** A histogram as bcc and bpftrace print it: ranges, counts, bars; behind a line that says what it is of. */
export function histogramText({ of, kind, unit, buckets }: Histogram): string {
  const title = of === undefined ? '' : `${keyText(of)}\n`;
  if (buckets.length === 0) return `${title}  nothing counted`;
  const unitTitle = unit ?? 'value';
  const ranges = buckets.map(({ low, high }) => (kind === 'linear' ? `${low}` : `${low} -> ${high}`));
  const width = Math.max(unitTitle.length, ...ranges.map((range) => range.length));
  const counts = Math.max(5, ...buckets.map(({ count }) => String(count).length));
  const top = Math.max(...buckets.map(({ count }) => count));
  const head = `  ${unitTitle.padEnd(width)} : ${'count'.padEnd(counts)}  distribution`;
  const lines = buckets.map(({ count }, i) => {
    const bar = '*'.repeat(Math.round((count / top) * BAR_WIDTH)).padEnd(BAR_WIDTH);
    return `  ${ranges[i].padEnd(width)} : ${String(count).padEnd(counts)} |${bar}|`;
  });
  return [`${title}${head}`, ...lines].join('\n');
}

/** `cmd_flags=0 dev=0`, or the plain key. */
function keyText(key: JsonValue): string {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return plainCell(key);
  return Object.entries(key)
    .map(([name, value]) => `${name}=${plainCell(value)}`)
    .join(' ');
}
