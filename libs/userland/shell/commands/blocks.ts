import { O, SEEK, strerror } from '@probed/abi';
import type { Sys } from '@probed/system';
import { readSome, statPath, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const BLOCK_BYTES = 512;
const MODE = 0o666;
const UNITS = 'KMGTPE';

/** Bytes that `10`, `4k`, `1M`, `1MB` or `2x512` stand for (coreutils xstrtol.c); undefined for none. */
function byteCount(text: string): number | undefined {
  let product = 1;
  for (const factor of text.split('x')) {
    const match = /^(\d+)(?:([cwb])|([kKMGTPE])(B|iB)?)?$/.exec(factor);
    if (!match) return undefined;
    const [, digits, plain = 'c', unit, decimal] = match;
    const power = unit ? UNITS.indexOf(unit.toUpperCase()) + 1 : 0;
    product *=
      Number(digits) *
      { c: 1, w: 2, b: BLOCK_BYTES }[plain as 'c']! *
      (decimal === 'B' ? 1000 : 1024) ** power;
  }
  return Number.isSafeInteger(product) ? product : undefined;
}

/** Operands of dd that are numbers, and their defaults. */
const NUMBERS = { bs: BLOCK_BYTES, count: Number.POSITIVE_INFINITY, skip: 0, seek: 0 };

interface Plan extends Record<keyof typeof NUMBERS, number> {
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly status: string | undefined;
  readonly conv: readonly string[];
}

/** @returns the message of what is wrong instead */
function planOf(args: readonly string[]): Plan | string {
  const given = new Map<string, string>();
  for (const arg of args) {
    const [, name, value] = /^(if|of|bs|ibs|obs|count|skip|seek|status|conv)=(.*)$/s.exec(arg) ?? [];
    if (name === undefined) return `unrecognized operand '${arg}'`;
    given.set(name === 'ibs' || name === 'obs' ? 'bs' : name, value);
  }
  const numbers = { ...NUMBERS };
  for (const name of Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]) {
    const text = given.get(name);
    const value = text === undefined ? NUMBERS[name] : byteCount(text);
    if (value === undefined || (name === 'bs' && value === 0)) return `invalid number: '${text}'`;
    numbers[name] = value;
  }
  const conv = given.get('conv')?.split(',') ?? [];
  const other = conv.find((one) => !['notrunc', 'fsync', 'fdatasync'].includes(one));
  if (other !== undefined) return `conversion '${other}' is not supported`;
  return { ...numbers, from: given.get('if'), to: given.get('of'), status: given.get('status'), conv };
}

/** What has passed: whole and partial blocks, bytes. */
interface Tally {
  full: number;
  partial: number;
  bytes: number;
}

/** One block, as it comes. @returns its bytes or a negative errno */
function* copyBlock({ u }: ToolRun, input: number, output: number, bytes: number): Sys {
  let done = 0;
  while (done < bytes) {
    const asked = Math.min(bytes - done, u.bufferBytes);
    const data = yield* readSome(u, input, asked);
    if (typeof data === 'number') return data;
    const error = output < 0 ? 0 : yield* writeAll(u, output, data);
    if (error < 0) return error;
    done += data.length;
    if (data.length < asked) break;
  }
  return done;
}

/** @returns 0 or a negative errno */
function* copyBlocks(run: ToolRun, plan: Plan, input: number, output: number, tally: Tally): Sys {
  while (tally.full + tally.partial < plan.count) {
    const bytes = yield* copyBlock(run, input, output, plan.bs);
    if (bytes <= 0) return bytes;
    if (bytes === plan.bs) tally.full++;
    else tally.partial++;
    tally.bytes += bytes;
  }
  return 0;
}

/** Passes over the input's first blocks: by seeking, else by reading. */
function* skipInput(run: ToolRun, plan: Plan, input: number): Sys<void> {
  if (plan.skip === 0 || (yield* run.u.lseek(input, plan.skip * plan.bs, SEEK.SET)) >= 0) return;
  for (let i = 0; i < plan.skip; i++) if ((yield* copyBlock(run, input, -1, plan.bs)) <= 0) return;
}

/** `1.5 kB`, `2.0 MiB` */
function humanSize(bytes: number, base: number, suffix: string): string {
  const power = Math.min(UNITS.length, Math.floor(Math.log(bytes) / Math.log(base) + 1e-9));
  const value = bytes / base ** power;
  const unit = base === 1000 && power === 1 ? 'k' : UNITS[power - 1];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}${suffix}`;
}

function report({ full, partial, bytes }: Tally, seconds: number, plan: Plan): string {
  const records = (way: string) => `${full}+${partial} records ${way}\n`;
  const text = records('in') + records('out');
  if (plan.status === 'noxfer') return text;
  const sizes = [
    `${bytes} byte${bytes === 1 ? '' : 's'}`,
    ...(bytes >= 1000 ? [humanSize(bytes, 1000, 'B')] : []),
    ...(bytes >= 1024 ? [humanSize(bytes, 1024, 'iB')] : []),
  ];
  const rate = bytes / Math.max(seconds, 1e-9);
  const speed = rate >= 1000 ? humanSize(rate, 1000, 'B') : `${rate.toFixed(1)} B`;
  const [first, ...more] = sizes;
  const copied = more.length > 0 ? `${first} (${more.join(', ')})` : first;
  return `${text}${copied} copied, ${Number(seconds.toPrecision(6))} s, ${speed}/s\n`;
}

/** Opens the output and cuts it where writing begins. @returns descriptor or negative errno */
function* openOutput({ u }: ToolRun, plan: Plan): Sys {
  const keep = plan.conv.includes('notrunc');
  const at = plan.seek * plan.bs;
  let fd = 1;
  if (plan.to !== undefined)
    fd = yield* u.open(plan.to, O.WRONLY | O.CREAT | (keep || at > 0 ? 0 : O.TRUNC), MODE);
  if (fd < 0 || at === 0) return fd;
  if (plan.to !== undefined && !keep) yield* u.syscall('ftruncate', fd, at);
  const error = yield* u.lseek(fd, at, SEEK.SET);
  return error < 0 ? error : fd;
}

function* dd(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const plan = planOf(run.args);
  if (typeof plan === 'string') return yield* run.fail(plan);
  const input = plan.from === undefined ? 0 : yield* u.open(plan.from);
  if (input < 0) return yield* run.fail(`failed to open '${plan.from}': ${strerror(input)}`);
  const output = yield* openOutput(run, plan);
  if (output < 0)
    return yield* run.fail(`failed to open '${plan.to ?? 'standard output'}': ${strerror(output)}`);
  const start = u.k.nowNs();
  const tally: Tally = { full: 0, partial: 0, bytes: 0 };
  yield* skipInput(run, plan, input);
  const error = yield* copyBlocks(run, plan, input, output, tally);
  if (plan.conv.some((one) => one !== 'notrunc')) yield* u.fsync(output);
  if (error < 0) yield* run.fail(`error copying: ${strerror(error)}`);
  if (plan.status !== 'none') yield* writeAll(u, 2, report(tally, (u.k.nowNs() - start) / 1e9, plan));
  return error < 0 ? 1 : 0;
}

/** Size that `-s` asks for, of a file that has `old` bytes; undefined for no size. */
function newSize(text: string, old: number): number | undefined {
  const sign = /^[-+<>/%]/.exec(text)?.[0] ?? '';
  const count = byteCount(text.slice(sign.length));
  if (count === undefined || (count === 0 && '/%'.includes(sign) && sign !== '')) return undefined;
  if (sign === '+') return old + count;
  if (sign === '-') return Math.max(0, old - count);
  if (sign === '<') return Math.min(old, count);
  if (sign === '>') return Math.max(old, count);
  if (sign === '/') return Math.floor(old / count) * count;
  return sign === '%' ? Math.ceil(old / count) * count : count;
}

function* truncate(run: ToolRun): Sys {
  const { u } = run;
  const { options, operands, unknown } = parseArguments(run.args, 'c', 's', {
    'size=': 's',
    'no-create': 'c',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const size = options.get('s');
  if (size === undefined) return yield* run.fail("you must specify either '--size' or '--reference'");
  if (newSize(size, 0) === undefined) return yield* run.fail(`Invalid number: '${size}'`);
  if (operands.length === 0) return yield* run.fail('missing file operand');
  let status = 0;
  for (const name of operands) {
    const stat = yield* statPath(u, name);
    if (typeof stat === 'number' && options.has('c')) continue;
    const fd = yield* u.open(name, O.WRONLY | O.CREAT | O.NONBLOCK, MODE);
    if (fd < 0) {
      status = yield* run.fail(`cannot open '${name}' for writing: ${strerror(fd)}`);
      continue;
    }
    const length = newSize(size, typeof stat === 'number' ? 0 : stat.size)!;
    const error = yield* u.syscall('ftruncate', fd, length);
    if (error < 0)
      status = yield* run.fail(`failed to truncate '${name}' at ${length} bytes: ${strerror(error)}`);
    yield* u.close(fd);
  }
  return status;
}

/** dd(1) and truncate(1). */
export const BLOCKS: ToolTable = { dd, truncate };
