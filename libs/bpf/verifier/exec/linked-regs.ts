import type { VerifierEnv } from '../env';
import { frameInsn } from '../pruning/states-equal';
import { linkedRegDelta } from '../scalar';
import { clearScalarId } from '../state/reg-ops';
import { BPF_ADD_CONST, BPF_ADD_CONST32, type RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import type { LinkedReg, VerifierState } from '../state/verifier-state';

/** Registers that are kept linked at one jump (include/linux/bpf_verifier.h: LINKED_REGS_MAX). */
const LINKED_REGS_MAX = 6;

/**
 * `collect_linked_regs`: adds the scalars of an id that may still be read to the list; those beyond its room lose
 * their link.
 */
export function collectLinkedRegs(env: VerifierEnv, st: VerifierState, id: number, out: LinkedReg[]): void {
  const base = id & ~BPF_ADD_CONST;
  for (let frame = st.curframe; frame >= 0; frame--) {
    const func = st.frame[frame];
    const live = env.aux[frameInsn(st, frame)].liveRegsBefore;
    for (let i = 0; i < 10; i++) {
      if (((live >> i) & 1) === 1) collectOne(func.regs[i], base, { frame, isReg: true, index: i }, out);
    }
    for (let spi = 0; spi < func.slots; spi++) {
      if (func.isSpilled(spi)) collectOne(func.spilled[spi], base, { frame, isReg: false, index: spi }, out);
    }
  }
}

function collectOne(reg: RegState, base: number, place: LinkedReg, out: LinkedReg[]): void {
  if (reg.type !== RegBase.SCALAR_VALUE || (reg.id & ~BPF_ADD_CONST) !== base) return;
  if (out.length < LINKED_REGS_MAX) out.push(place);
  else clearScalarId(reg);
}

/** `sync_linked_regs`: what a jump told of one register holds for all that are linked to it. */
export function syncLinkedRegs(st: VerifierState, known: RegState, linked: readonly LinkedReg[]): void {
  for (const l of linked) {
    const func = st.frame[l.frame];
    const reg = l.isReg ? func.regs[l.index] : func.spilled[l.index];
    if (reg.type !== RegBase.SCALAR_VALUE || reg === known) continue;
    if ((reg.id & ~BPF_ADD_CONST) !== (known.id & ~BPF_ADD_CONST)) continue;
    const plain = (reg.id & BPF_ADD_CONST) === 0 && (known.id & BPF_ADD_CONST) === 0;
    if (plain || reg.off === known.off) {
      reg.copyFrom(known);
      continue;
    }
    const flags = (reg.id | known.id) & BPF_ADD_CONST;
    // One distance in 64 bits and one in 32 do not add up.
    if (flags === BPF_ADD_CONST) continue;
    const { off, id } = reg;
    reg.copyFrom(known);
    reg.off = off;
    reg.id = id;
    reg.v = linkedRegDelta(known.v, BigInt(off - known.off), flags === BPF_ADD_CONST32);
  }
}
