import type { Sys } from '@probed/system';
import { readText, statPath } from '../os/io';
import { humanSize } from './listing';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

/** Rows of /proc/meminfo in KiB. */
export function meminfo(text: string | undefined): Readonly<Record<string, number>> {
  const rows = (text ?? '').split('\n').flatMap((line) => {
    const match = /^(\w+):\s+(\d+)/.exec(line);
    return match ? [[match[1], Number(match[2])] as const] : [];
  });
  return Object.fromEntries(rows);
}

function* free(run: ToolRun): Sys {
  const { options, unknown } = parseArguments(run.args, 'hmgkbtw', 'sc');
  if (unknown) return yield* unknownOption(run, unknown);
  const memory = meminfo(yield* readText(run.u, '/proc/meminfo'));
  const show = (kib: number) => {
    if (options.has('h')) return `${humanSize(kib * 1024)}i`;
    if (options.has('m')) return String(Math.floor(kib / 1024));
    return String(options.has('g') ? Math.floor(kib / 1024 ** 2) : options.has('b') ? kib * 1024 : kib);
  };
  const used = memory.MemTotal - memory.MemFree;
  const row = (name: string, cells: readonly string[]) =>
    `${name.padEnd(8)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
  run.print(row('', ['total', 'used', 'free', 'shared', 'buff/cache', 'available']));
  run.print(row('Mem:', [memory.MemTotal, used, memory.MemFree, 0, 0, memory.MemAvailable].map(show)));
  run.print(row('Swap:', [0, 0, 0].map(show)));
  return 0;
}

/** Sizes are what the emulated disk would have: 40 GiB, a third of it used. */
const DISK_KIB = 40 * 1024 * 1024;
const DISK_USED_SHARE = 0.34;

function* df(run: ToolRun): Sys {
  const { options, operands, unknown } = parseArguments(run.args, 'haTiPkm', 't');
  if (unknown) return yield* unknownOption(run, unknown);
  const mounts = (yield* readText(run.u, '/proc/mounts')) ?? '';
  const rows = mounts.split('\n').flatMap((line) => {
    const [device, at, type] = line.split(' ');
    const real = type === 'overlay' || type === 'ext4';
    return real || type === 'tmpfs'
      ? [{ device, at, type, kib: real ? DISK_KIB : 65_536, used: real ? DISK_USED_SHARE : 0 }]
      : [];
  });
  for (const path of operands) {
    const stat = yield* statPath(run.u, path);
    if (typeof stat === 'number') return yield* run.failure(path, stat);
  }
  const shown = operands.length > 0 ? rows.slice(0, 1) : rows;
  const human = options.has('h');
  const size = (kib: number) => (human ? humanSize(kib * 1024) : String(Math.round(kib)));
  const head = [
    'Filesystem',
    ...(options.has('T') ? ['Type'] : []),
    human ? 'Size' : '1K-blocks',
    'Used',
    human ? 'Avail' : 'Available',
    'Use%',
    'Mounted on',
  ];
  const cells = shown.map(({ device, at, type, kib, used }) => [
    device,
    ...(options.has('T') ? [type] : []),
    size(kib),
    size(kib * used),
    size(kib * (1 - used)),
    `${Math.round(used * 100)}%`,
    at,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  for (const row of [head, ...cells])
    run.print(
      `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : i === row.length - 1 ? cell : cell.padStart(widths[i]))).join(' ')}\n`,
    );
  return 0;
}

export const RESOURCES: ToolTable = { free, df };
