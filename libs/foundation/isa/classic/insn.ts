import { diagnostic, err, ok, type Result } from '@probed/base';

/** One instruction of classic BPF: `struct sock_filter` (include/uapi/linux/filter.h), 8 bytes. */
export interface ClassicInsn {
  /** Operation, 16 bits. */
  readonly code: number;
  /** Instructions to skip when a condition holds, and when it does not; 0..255. */
  readonly jt: number;
  readonly jf: number;
  /** Operand, unsigned 32-bit. */
  readonly k: number;
}

/** Bytes of an instruction. */
const CLASSIC_INSN_BYTES = 8;
/** BPF_MAXINSNS (include/uapi/linux/bpf_common.h). */
export const CLASSIC_INSNS_MAX = 4096;
/** BPF_MEMWORDS: 32-bit words of scratch memory. */
export const CLASSIC_MEM_WORDS = 16;

/** Splits an array of `struct sock_filter` (little endian) into instructions. */
export function decodeClassic(bytes: Uint8Array): Result<ClassicInsn[]> {
  if (bytes.length % CLASSIC_INSN_BYTES !== 0) {
    const message = `classic BPF of ${bytes.length} bytes is not a multiple of ${CLASSIC_INSN_BYTES}`;
    return err(diagnostic('insn-truncated', message, { errno: 22 }));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const insns: ClassicInsn[] = [];
  for (let at = 0; at < bytes.length; at += CLASSIC_INSN_BYTES) {
    const code = view.getUint16(at, true);
    insns.push({ code, jt: bytes[at + 2], jf: bytes[at + 3], k: view.getUint32(at + 4, true) });
  }
  return ok(insns);
}

/** An array of `struct sock_filter`; the inverse of {@link decodeClassic}. */
export function encodeClassic(insns: readonly ClassicInsn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * CLASSIC_INSN_BYTES);
  const view = new DataView(bytes.buffer);
  insns.forEach(({ code, jt, jf, k }, index) => {
    const at = index * CLASSIC_INSN_BYTES;
    view.setUint16(at, code, true);
    bytes[at + 2] = jt;
    bytes[at + 3] = jf;
    view.setUint32(at + 4, k, true);
  });
  return bytes;
}

/**
 * Reads the text that `tcpdump -ddd` writes and iptables' `-m bpf --bytecode` takes: the number of instructions, then
 * `code jt jf k` of each, decimal, separated by newlines or commas.
 */
export function parseClassic(text: string): Result<ClassicInsn[]> {
  const [count, ...lines] = text
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const insns: ClassicInsn[] = [];
  for (const [index, line] of lines.entries()) {
    const [code, jt, jf, k, ...more] = line.split(/\s+/).map(Number);
    const fits = [code, jt, jf, k].every(
      (value, i) => Number.isInteger(value) && value >= 0 && value <= LIMITS[i],
    );
    if (!fits || more.length > 0)
      return err(
        diagnostic('bad-classic', `code jt jf k are wanted, not ${line}`, { where: `instruction ${index}` }),
      );
    insns.push({ code, jt, jf, k });
  }
  if (Number(count) === insns.length && insns.length > 0) return ok(insns);
  return err(diagnostic('bad-classic', `${count ?? 'no'} instructions announced, ${insns.length} found`));
}

/** Largest code, jt, jf, k. */
const LIMITS = [0xffff, 0xff, 0xff, 0xffff_ffff];
