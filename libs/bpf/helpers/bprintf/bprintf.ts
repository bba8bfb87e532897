import { ERRNO } from '@probed/abi';
import type { HelperContext } from '../helper-context';
import type { UnsafeMemory } from '../user-memory';
import { ByteSink } from './byte-sink';
import { type Piece, parseFormat } from './format';
import { ipText, renderNumber, renderPointer, renderText } from './render';

/** kernel/bpf/helpers.c: MAX_BPRINTF_BIN_ARGS; integers, strings and addresses of one call share it, bytes. */
const ARGS_BYTES_MAX = 512;
/** The most arguments (MAX_BPRINTF_VARARGS). */
export const BPRINTF_ARGS_MAX = 12;

const NO_PADDING = { width: -1, left: false, zero: false, plus: false, space: false } as const;
const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);

type PointerPiece = Extract<Piece, { kind: 'pointer' }>;
type StringPiece = Extract<Piece, { kind: 'string' }>;

/** Formats for trace_printk, trace_vprintk, snprintf: bpf_bprintf_prepare and bstr_printf in one. */
export class Bprintf {
  private scratchAt = 0;

  constructor(
    private readonly c: HelperContext,
    private readonly unsafe: UnsafeMemory,
  ) {}

  /**
   * @param fmt the format without its NUL; outside linear memory, since reading arguments may move that
   * @param args the arguments as unsigned 64-bit words
   * @param limit bytes kept of the output
   * @returns the output, or -EINVAL (format), -ENOSPC (arguments)
   */
  format(fmt: Uint8Array, args: readonly bigint[], limit: number): ByteSink | number {
    const pieces = parseFormat(fmt, args.length);
    if (!pieces) return -ERRNO.EINVAL;
    const values = this.collect(pieces, args);
    if (typeof values === 'number') return values;
    const sink = new ByteSink(limit);
    let next = 0;
    for (const piece of pieces) {
      if (piece.kind === 'text') sink.write(fmt.subarray(piece.start, piece.end));
      else this.render(sink, piece, values[next], args[next++]);
    }
    return sink;
  }

  /** What is read from memory, one a conversion; integers are left to the rendering. */
  private collect(pieces: readonly Piece[], args: readonly bigint[]): readonly Uint8Array[] | number {
    const values: Uint8Array[] = [];
    let used = 0;
    for (const piece of pieces) {
      if (piece.kind === 'text') continue;
      const arg = args[values.length];
      const size = fixedBytes(piece);
      if (size > 0) {
        used = Math.ceil(used / 4) * 4 + size;
        values.push(EMPTY);
      } else {
        const left = ARGS_BYTES_MAX - used;
        const text = left > 0 ? this.text(piece, arg, left) : undefined;
        if (!text) return -ERRNO.ENOSPC;
        values.push(text);
        used += text.length + (piece.kind === 'char' ? 0 : 1);
      }
      if (used > ARGS_BYTES_MAX) return -ERRNO.ENOSPC;
    }
    return values;
  }

  /** Undefined when an address does not fit. */
  private text(piece: Piece, arg: bigint, left: number): Uint8Array | undefined {
    if (piece.kind === 'char') return Uint8Array.of(Number(arg & 0xffn));
    if (piece.kind === 'string') return this.string(piece, arg, left);
    if (piece.kind !== 'pointer') return EMPTY;
    const { pointer } = piece;
    if (pointer === 'B') return encoder.encode(this.symbol(arg - 1n, true, arg)).subarray(0, left - 1);
    const bytes = pointer === 'i4' || pointer === 'I4' ? 4 : 16;
    if (left < bytes) return undefined;
    const address = this.kernelBytes(arg, bytes);
    return encoder.encode(ipText(pointer as 'i4', address)).subarray(0, left - 1);
  }

  private string(piece: StringPiece, arg: bigint, left: number): Uint8Array {
    const lo = Number(BigInt.asIntN(32, arg));
    const hi = Number(BigInt.asIntN(32, arg >> 32n));
    const at = this.scratch();
    const user = piece.memory === 'u' || (piece.memory === 's' && this.unsafe.isUser(lo, hi));
    const copied = user
      ? this.unsafe.copyUserString(at, left, lo, hi)
      : this.unsafe.copyKernelString(at, left, lo, hi);
    return copied <= 0 ? EMPTY : this.c.memory.copyOut(at, copied - 1);
  }

  /** Zeros when unreadable. */
  private kernelBytes(arg: bigint, bytes: number): Uint8Array {
    const at = this.scratch();
    const lo = Number(BigInt.asIntN(32, arg));
    const hi = Number(BigInt.asIntN(32, arg >> 32n));
    return this.unsafe.copyKernel(at, bytes, lo, hi) < 0
      ? new Uint8Array(bytes)
      : this.c.memory.copyOut(at, bytes);
  }

  private scratch(): number {
    this.scratchAt ||= this.c.memory.alloc(ARGS_BYTES_MAX);
    return this.scratchAt;
  }

  private render(
    sink: ByteSink,
    piece: Exclude<Piece, { kind: 'text' }>,
    text: Uint8Array,
    arg: bigint,
  ): void {
    switch (piece.kind) {
      case 'number':
        renderNumber(sink, piece, arg);
        break;
      case 'pointer':
        this.pointer(sink, piece, text, arg);
        break;
      case 'string':
        renderText(sink, piece.memory === 's' ? piece.padding : NO_PADDING, text);
        break;
      case 'char':
        renderText(sink, piece.padding, text);
        break;
    }
  }

  private pointer(sink: ByteSink, piece: PointerPiece, text: Uint8Array, arg: bigint): void {
    const { pointer, padding } = piece;
    if (pointer === 'x') renderPointer(sink, padding, arg);
    else if (pointer === '' || pointer === 'K') renderPointer(sink, padding, hashPointer(arg));
    else if (pointer === 's' || pointer === 'S') {
      renderText(sink, padding, encoder.encode(this.symbol(arg, pointer === 'S', arg)));
    } else sink.write(text);
  }

  /** kernel/kallsyms.c: sprint_symbol; the address in hex when it has no name. */
  private symbol(address: bigint, withOffset: boolean, shown: bigint): string {
    const hit = this.c.services.symbolName(Number(BigInt.asIntN(64, address)));
    if (!hit) return `0x${BigInt.asUintN(64, shown).toString(16)}`;
    if (!withOffset) return hit.name;
    const offset = BigInt(hit.offset) + (shown - address);
    const size = hit.size === undefined ? '' : `/0x${hit.size.toString(16)}`;
    return `${hit.name}+0x${offset.toString(16)}${size}`;
  }
}

/** Bytes that an argument takes among the binary arguments; 0 when it is text that memory decides. */
function fixedBytes(piece: Piece): number {
  if (piece.kind === 'number') return piece.bytes;
  if (piece.kind !== 'pointer') return 0;
  return 'KxsS'.includes(piece.pointer) ? 8 : 0;
}

/**
 * What `%p` prints: 32 bits that tell pointers apart without giving them away (lib/vsprintf.c: ptr_to_hashval). The
 * kernel's key is random at boot; here it is fixed, so that runs repeat. NULL and error pointers show as they are.
 */
function hashPointer(arg: bigint): bigint {
  const word = BigInt.asUintN(64, arg);
  if (word === 0n || word >= ERR_PTR_MIN) return word;
  let hash = Number(word & 0xffff_ffffn) ^ HASH_KEY;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b) ^ Number(word >> 32n);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return BigInt((hash ^ (hash >>> 16)) >>> 0);
}

/** Addresses of the last 4095 bytes are error numbers (include/linux/err.h: IS_ERR). */
const ERR_PTR_MIN = (1n << 64n) - 4095n;
const HASH_KEY = 0x5bd1_e995;
