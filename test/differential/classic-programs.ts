import type { Prng } from '@probed/base';
import { type ClassicInsn, classicCodes, classicSemantics } from '@probed/isa';

const RET_A = 0x16;
const RET_K = 0x06;
const AND_K = 0x54;
const RSH_K = 0x74;
/** Of what a filter returns, this many bits show: it lets through at most that many bytes. */
const RESULT_BITS = 6;
const CODES = classicCodes();
/** Ancillary words whose values a socket pair does not settle: everything but `ld a xor x`. */
const XOR_X = 0xffff_f000 + 40;

/** A random filter: mostly well-formed, its last instructions give away six bits of A. */
export function classicProgram(prng: Prng, length: number): ClassicInsn[] {
  const insns: ClassicInsn[] = [];
  for (let word = 0; word < 4; word++) insns.push({ code: 0x02, jt: 0, jf: 0, k: word });
  const total = insns.length + length + 4;
  while (insns.length < total - 3) insns.push(randomInsn(prng, total - insns.length - 1));
  insns.push({ code: RSH_K, jt: 0, jf: 0, k: prng.below(32 - RESULT_BITS + 1) });
  insns.push({ code: AND_K, jt: 0, jf: 0, k: (1 << RESULT_BITS) - 1 });
  insns.push({ code: RET_A, jt: 0, jf: 0, k: 0 });
  return insns;
}

/** @param ahead instructions that follow */
function randomInsn(prng: Prng, ahead: number): ClassicInsn {
  const code = CODES[prng.below(CODES.length)];
  const semantics = classicSemantics(code)!;
  const insn = { code, jt: 0, jf: 0, k: prng.below(0x1_0000_0000) };
  switch (semantics.kind) {
    case 'load':
      return { ...insn, k: prng.below(20) === 0 ? XOR_X : prng.below(12) === 0 ? insn.k : prng.below(40) };
    case 'msh':
      return { ...insn, k: prng.below(50) };
    case 'mem':
    case 'store':
      return { ...insn, k: prng.below(prng.below(20) === 0 ? 18 : 4) };
    case 'alu':
      return { ...insn, k: prng.below(3) > 0 ? prng.below(33) : insn.k };
    case 'ja':
      return { ...insn, k: prng.below(Math.min(ahead, 5)) };
    case 'jump':
      return {
        ...insn,
        jt: prng.below(Math.min(ahead, 6)),
        jf: prng.below(Math.min(ahead, 6)),
        k: prng.below(2) > 0 ? prng.below(256) : insn.k,
      };
    case 'ret':
      // One that ends the run early says little.
      return prng.below(8) === 0 ? { ...insn, code: RET_K, k: prng.below(80) } : { ...insn, code: 0x07 };
    default:
      return insn;
  }
}
