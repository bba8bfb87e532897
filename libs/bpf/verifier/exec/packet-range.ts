import { BPF_CLASS, BPF_JMP_OP, type Insn, insnClass, insnOp, isRegOperand } from '@probed/isa';
import { isZero } from '../state/reg-ops';
import { AT_PKT_END, BEYOND_PKT_END, type RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';

/** Largest offset of a packet pointer (kernel/bpf/verifier.c: MAX_PACKET_OFF). */
const MAX_PACKET_OFF = 0xffff;

/** `find_good_pkt_pointers`: bytes up to the compared pointer are there, for all pointers of its id. */
function findGoodPktPointers(st: VerifierState, dst: RegState, type: number, rightOpen: boolean): void {
  if (dst.off < 0 || (dst.off === 0 && rightOpen)) return;
  const { umax } = dst.v;
  if (umax > MAX_PACKET_OFF || Number(umax) + dst.off > MAX_PACKET_OFF) return;
  const range = dst.off + (rightOpen ? 1 : 0);
  const { id } = dst;
  st.forEachReg((reg) => {
    if (reg.type === type && reg.id === id && reg.range < range) reg.range = range;
  });
}

/** `mark_pkt_end`: the pointer is known to lie at or beyond the end. */
function markPktEnd(st: VerifierState, regno: number, beyond: boolean): void {
  const reg = st.curFunc.regs[regno];
  if (reg.type !== RegBase.PTR_TO_PACKET) return;
  reg.range = beyond ? BEYOND_PKT_END : AT_PKT_END;
}

function isInitPacket(reg: RegState): boolean {
  return reg.type === RegBase.PTR_TO_PACKET && reg.id === 0 && reg.off === 0 && isZero(reg.v);
}

function isDataVsEnd(a: RegState, b: RegState): boolean {
  return (
    (a.type === RegBase.PTR_TO_PACKET && b.type === RegBase.PTR_TO_PACKET_END) ||
    (a.type === RegBase.PTR_TO_PACKET_META && isInitPacket(b))
  );
}

/**
 * For each comparison written as `data op end`: where the range is good (`taken` or the fall-through), whether it
 * takes in the byte at the pointer, and whether the other side lies beyond or at the end.
 */
const RULES: Readonly<Record<number, { good: 'taken' | 'fall'; open: boolean; beyond: boolean }>> = {
  [BPF_JMP_OP.JGT]: { good: 'fall', open: false, beyond: true },
  [BPF_JMP_OP.JLT]: { good: 'taken', open: true, beyond: false },
  [BPF_JMP_OP.JGE]: { good: 'fall', open: true, beyond: false },
  [BPF_JMP_OP.JLE]: { good: 'taken', open: false, beyond: true },
};

const SWAPPED: Readonly<Record<number, number>> = {
  [BPF_JMP_OP.JGT]: BPF_JMP_OP.JLT,
  [BPF_JMP_OP.JLT]: BPF_JMP_OP.JGT,
  [BPF_JMP_OP.JGE]: BPF_JMP_OP.JLE,
  [BPF_JMP_OP.JLE]: BPF_JMP_OP.JGE,
};

/** `try_match_pkt_pointers`: learns packet ranges from a comparison with the packet's end; false when it is none. */
export function tryMatchPktPointers(insn: Insn, fall: VerifierState, taken: VerifierState): boolean {
  if (!isRegOperand(insn) || insnClass(insn) === BPF_CLASS.JMP32) return false;
  const regs = fall.curFunc.regs;
  const dst = regs[insn.dst];
  const src = regs[insn.src];
  let op = insnOp(insn);
  let dataNo = insn.dst;
  if (!isDataVsEnd(dst, src)) {
    if (!isDataVsEnd(src, dst)) return false;
    dataNo = insn.src;
    op = SWAPPED[op] ?? op;
  }
  const rule = RULES[op];
  if (!rule) return false;
  const data = regs[dataNo];
  const good = rule.good === 'taken' ? taken : fall;
  const other = rule.good === 'taken' ? fall : taken;
  findGoodPktPointers(good, data, data.type, rule.open);
  markPktEnd(other, dataNo, rule.beyond);
  return true;
}
