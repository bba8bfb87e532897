import type { Sys } from '@probed/system';
import { readDescriptor, readFile, readToEnd } from '../os/io';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const BYTES_A_LINE = 16;
const ADDRESS_DIGITS = 7;
const ADDRESS_BASE: Readonly<Record<string, number>> = { o: 8, d: 10, x: 16 };
const NAMES: Readonly<Record<number, string>> = {
  0: '\\0',
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
};

/** How one type of output shows the bytes of a line. */
interface Format {
  readonly bytes: number;
  readonly show: (view: DataView, at: number) => string;
}

function char(value: number): string {
  const name = NAMES[value];
  if (name) return name.padStart(4);
  const printable = value >= 0x20 && value < 0x7f;
  return (printable ? String.fromCharCode(value) : value.toString(8).padStart(3, '0')).padStart(4);
}

function word(view: DataView, at: number, bytes: number): bigint {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--)
    value = value * 256n + BigInt(at + i < view.byteLength ? view.getUint8(at + i) : 0);
  return value;
}

/** Widths of a word of so many bytes by base: as wide as its largest value. */
function numeric(base: number, bytes: number, signed: boolean): Format {
  const largest = (1n << BigInt(8 * bytes)) - 1n;
  const digits = signed ? String(largest >> 1n).length + 1 : largest.toString(base).length;
  return {
    bytes,
    show: (view, at) => {
      const value = word(view, at, bytes);
      const text = signed ? String(BigInt.asIntN(8 * bytes, value)) : value.toString(base);
      return ` ${base === 10 ? text.padStart(digits) : text.padStart(digits, '0')}`;
    },
  };
}

const SIZES: Readonly<Record<string, number>> = { C: 1, S: 2, I: 4, L: 8 };

/** `x1`, `o2`, `d`, `u4`, `c`, with a trailing `z` for the text beside it. */
function parseFormat(text: string): { format: Format; text: boolean } | undefined {
  const match = /^([acdoux])([CSIL]|\d*)(z?)$/.exec(text);
  if (!match) return undefined;
  const [, kind, size, z] = match;
  const bytes = SIZES[size] ?? Number(size || 4);
  if (![1, 2, 4, 8].includes(bytes)) return undefined;
  if (kind === 'c' || kind === 'a')
    return { format: { bytes: 1, show: (view, at) => char(view.getUint8(at)) }, text: z !== '' };
  const base = kind === 'x' ? 16 : kind === 'o' ? 8 : 10;
  return { format: numeric(base, bytes, kind === 'd'), text: z !== '' };
}

function amount(text: string | undefined): number {
  return text === undefined ? Number.POSITIVE_INFINITY : Number(text.replace(/k$/i, '000')) || 0;
}

function dump(
  data: Uint8Array,
  formats: readonly { format: Format; text: boolean }[],
  base: number,
  from: number,
): string {
  const address = (at: number) =>
    base === 0 ? '' : (from + at).toString(base).padStart(base === 16 ? 6 : ADDRESS_DIGITS, '0');
  let out = '';
  for (let at = 0; at < data.length; at += BYTES_A_LINE) {
    const line = data.subarray(at, at + BYTES_A_LINE);
    const view = new DataView(line.buffer, line.byteOffset, line.length);
    formats.forEach(({ format, text }, i) => {
      let shown = i === 0 ? address(at) : ' '.repeat(address(at).length);
      for (let place = 0; place < line.length; place += format.bytes) shown += format.show(view, place);
      if (text)
        shown += `  >${[...line].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')}<`;
      out += `${shown}\n`;
    });
  }
  return base === 0 ? out : `${out}${address(data.length)}\n`;
}

function* od(run: ToolRun): Sys {
  const { u } = run;
  const { options, operands, unknown } = parseArguments(run.args, 'abcdovx', 'AtNjw', {
    'format=': 't',
    'address-radix=': 'A',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const short = ['c', 'b', 'd', 'o', 'x'].find((letter) => options.has(letter));
  const spec = options.get('t') ?? { c: 'c', b: 'o1', d: 'u2', o: 'o2', x: 'x2' }[short ?? 'o'] ?? 'o2';
  const formats = (spec.match(/[acdoux](?:[CSIL]|\d*)z?/g) ?? []).map(parseFormat);
  const valid = formats.flatMap((format) => (format ? [format] : []));
  if (valid.length === 0 || valid.length < formats.length)
    return yield* run.fail(`invalid type string '${spec}'`);
  const skip = options.has('j') ? amount(options.get('j')) : 0;
  const limit = amount(options.get('N'));
  const wanted = Number.isFinite(limit) ? skip + limit : undefined;
  let data: Uint8Array = new Uint8Array(0);
  let status = 0;
  for (const path of operands.length > 0 ? operands : ['-']) {
    const part =
      path === '-'
        ? yield* readDescriptor(u, 0)
        : wanted === undefined
          ? yield* readFile(u, path)
          : yield* readBeginning(run, path, wanted);
    if (typeof part === 'number') status = yield* run.failure(path, part);
    else data = Buffer.concat([data, part]);
  }
  const chosen = data.subarray(skip, wanted);
  run.print(dump(Uint8Array.from(chosen), valid, ADDRESS_BASE[options.get('A') ?? 'o'] ?? 0, skip));
  return status;
}

/** No more of a file than is asked for: it may be a device. */
function* readBeginning({ u }: ToolRun, path: string, bytes: number): Sys<Uint8Array | number> {
  const fd = yield* u.open(path);
  if (fd < 0) return fd;
  const got = bytes <= u.bufferBytes ? yield* u.read(fd, bytes) : -1;
  const data = got >= 0 ? u.peek(u.buffer, got).slice() : yield* readToEnd(u, fd);
  yield* u.close(fd);
  return data;
}

export const DUMPING: ToolTable = { od };
