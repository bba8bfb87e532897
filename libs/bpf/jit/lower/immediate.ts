import { assert, hi32, lo32 } from '@probed/base';
import { BPF_PSEUDO_LD, type Insn, subprogTarget } from '@probed/isa';
import { DIRECT_MAP_HI } from '@probed/memory';
import type { FunctionContext } from './context';

/** High half of a callback's "address": in no mapped range, and not NULL. */
const CALLBACK_HI = 0xffff_fffe;

/** dst = the 64 bits of the instruction's two slots, or the address of what they name. */
export function lowerLdImm64(f: FunctionContext, insn: Insn, slot: number): void {
  const { env, program } = f.module;
  const high = f.insns[slot + 1].imm;
  const ref = program.spec.refs.get(slot);
  if (insn.src === BPF_PSEUDO_LD.FUNC) {
    f.regs.setConst(insn.dst, f.module.callbackSlot(subprogTarget(insn, slot)!), CALLBACK_HI);
  } else if (!ref) {
    assert(insn.src === BPF_PSEUDO_LD.NONE, `64-bit load at ${slot} names nothing that was linked`);
    f.regs.setConst(insn.dst, insn.imm, high);
  } else if (ref.kind === 'map') {
    f.regs.setConst(insn.dst, env.mapObject(ref.map), DIRECT_MAP_HI);
  } else if (ref.kind === 'map-value') {
    f.regs.setConst(insn.dst, env.mapValues(ref.map) + high, DIRECT_MAP_HI);
  } else {
    const address = env.ksym(ref.name);
    f.regs.setConst(insn.dst, lo32(address), hi32(address));
  }
}
