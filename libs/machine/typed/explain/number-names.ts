import {
  AF,
  AT,
  CAP,
  CLONE,
  errnoName,
  IPPROTO,
  MNT,
  MS,
  O,
  S,
  signalName,
  syscallByNumber,
  TCP_STATE,
} from '@probed/abi';

/** Names a number; undefined when it has no name of that kind. */
export type NumberText = (value: number) => string | undefined;

type Names = Readonly<Record<string, number>>;

/** One name of a table. */
function oneOf(names: Names, prefix: string): NumberText {
  const byValue = new Map<number, string>();
  for (const [name, value] of Object.entries(names))
    if (!byValue.has(value)) byValue.set(value, prefix + name);
  return (value) => byValue.get(value);
}

/** Names of the set bits joined by `|`, what has none in hex; `zero` where no bit is set. */
export function flagsOf(names: Names, prefix: string, zero?: string): NumberText {
  // Flags of several bits come first, lest their parts be taken for others.
  const flags = Object.entries(names)
    .filter(([, value]) => value > 0)
    .sort(([, a], [, b]) => bitCount(b) - bitCount(a) || a - b);
  return (value) => {
    if (!Number.isSafeInteger(value) || value < 0) return undefined;
    if (value === 0) return zero;
    let left = BigInt(value);
    const set: [number, string][] = [];
    for (const [name, flag] of flags) {
      const bits = BigInt(flag);
      if ((left & bits) !== bits) continue;
      left &= ~bits;
      set.push([flag, prefix + name]);
    }
    const text = set.sort(([a], [b]) => a - b).map(([, name]) => name);
    return [...text, ...(left === 0n ? [] : [`0x${left.toString(16)}`])].join('|');
  };
}

function bitCount(value: number): number {
  return value.toString(2).replaceAll('0', '').length;
}

const { RDONLY: _r, WRONLY: _w, RDWR: _rw, ACCMODE, LARGEFILE: _large, ...OPEN_BITS } = O;
const openBits = flagsOf(OPEN_BITS, 'O_');
const ACCESS = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'];

/** Flags of open(2): the access mode, then the bits. O_LARGEFILE, which the kernel adds for all, is left out. */
export const openFlags: NumberText = (value) => {
  if (!Number.isSafeInteger(value) || value < 0) return undefined;
  const rest = (value & ~(ACCMODE | O.LARGEFILE)) >>> 0;
  const bits = rest === 0 ? '' : openBits(rest);
  return [ACCESS[value & ACCMODE], ...(bits ? [bits] : [])].join('|');
};

const EXIT_SIGNAL_MASK = 0xff;
const cloneBits = flagsOf(CLONE, 'CLONE_');

/** Flags of clone(2), whose low byte is the signal sent at exit. */
export const cloneFlags: NumberText = (value) => {
  if (!Number.isSafeInteger(value) || value < 0) return undefined;
  const signal = (value % 256) & EXIT_SIGNAL_MASK & ~CLONE.NEWTIME;
  const bits = value - signal;
  const parts = [bits > 0 ? cloneBits(bits) : undefined, signal > 0 ? signalName(signal) : undefined];
  return parts.filter(Boolean).join('|') || undefined;
};

export const mountFlags = flagsOf(MS, 'MS_');
export const umountFlags = flagsOf(MNT, 'MNT_');
export const capability = oneOf(CAP, 'CAP_');
export const tcpState = oneOf(TCP_STATE, 'TCP_');
export const addressFamily = oneOf(AF, 'AF_');
export const ipProtocol = oneOf(IPPROTO, 'IPPROTO_');
export const signal: NumberText = (value) => (value > 0 ? signalName(value) : undefined);
export const syscall: NumberText = (value) => syscallByNumber(value)?.name;

const ERRNO_MAX = 4095;

/** `-ENOENT` of -2, whether the type is signed or not. */
export const errorReturn: NumberText = (value) => {
  const signed = value > 0x7fff_ffff && value <= 0xffff_ffff ? value - 2 ** 32 : value;
  if (!(signed < 0 && signed >= -ERRNO_MAX)) return undefined;
  const name = errnoName(signed);
  return name && `-${name}`;
};

/** `ENOENT` of 2 or -2. */
export const errorNumber: NumberText = (value) =>
  value > 0 && value <= ERRNO_MAX ? errnoName(value) : errorReturn(value);

/** `AT_FDCWD` in place of a descriptor. */
export const descriptor: NumberText = (value) =>
  value === AT.FDCWD || value === 2 ** 32 + AT.FDCWD ? 'AT_FDCWD' : undefined;

const MINOR_BITS = 20;

/** `major:minor` as the kernel packs `dev_t` (include/linux/kdev_t.h). */
export const deviceNumber: NumberText = (value) =>
  value > 0 && value <= 0xffff_ffff ? `${value >>> MINOR_BITS}:${value & (2 ** MINOR_BITS - 1)}` : undefined;

const FILE_TYPES = oneOf(
  {
    IFIFO: S.IFIFO,
    IFCHR: S.IFCHR,
    IFDIR: S.IFDIR,
    IFBLK: S.IFBLK,
    IFREG: S.IFREG,
    IFLNK: S.IFLNK,
    IFSOCK: S.IFSOCK,
  },
  'S_',
);

/** `0644`, with the file's type where it is there: `S_IFREG|0644`. */
export const fileMode: NumberText = (value) => {
  if (!(value > 0 && value <= 0xffff)) return undefined;
  const permissions = `0${(value & 0o7777).toString(8)}`;
  const type = value & S.IFMT;
  if (type === 0) return permissions;
  const name = FILE_TYPES(type);
  return name && `${name}|${permissions}`;
};

/** `enum req_op` (include/linux/blk_types.h); the low byte of `cmd_flags`. */
const REQ_OP = { READ: 0, WRITE: 1, FLUSH: 2, DISCARD: 3, SECURE_ERASE: 5, WRITE_ZEROES: 9 } as const;
const requestOps = oneOf(REQ_OP, 'REQ_OP_');

export const requestFlags: NumberText = (value) => requestOps(value % 256);

const STEPS: readonly (readonly [per: number, unit: string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** `1.34 ms`; three digits. */
export function durationText(ns: number): string | undefined {
  if (!Number.isFinite(ns) || ns <= 0) return undefined;
  const [per, unit] = STEPS.find(([step]) => ns >= step) ?? STEPS[STEPS.length - 1];
  return `${Number((ns / per).toPrecision(3))} ${unit}`;
}
