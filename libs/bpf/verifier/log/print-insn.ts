import { BPF_PSEUDO_LD, type DisasmCallbacks, disassembleInsn } from '@probed/isa';
import { kfuncName } from '../calls/kfunc/fetch';
import type { VerifierEnv } from '../env';
import { helperName } from '../tables';

const callbacksOf = new WeakMap<VerifierEnv, DisasmCallbacks>();

/**
 * An instruction as `verbose_insn` prints it, without the newline. Where the kernel prints an address of its own
 * (map, map value), ours prints the number that stands in the instruction.
 */
export function printInsn(env: VerifierEnv, i: number): string {
  let callbacks = callbacksOf.get(env);
  if (!callbacks) {
    callbacks = makeCallbacks(env);
    callbacksOf.set(env, callbacks);
  }
  return disassembleInsn(env.insns, i, callbacks);
}

function makeCallbacks(env: VerifierEnv): DisasmCallbacks {
  return {
    helperName,
    imm64: (insn, value) => {
      if (insn.src === BPF_PSEUDO_LD.MAP_FD || insn.src === BPF_PSEUDO_LD.MAP_IDX) return '0x0';
      return `0x${value.toString(16)}`;
    },
    call: (_insn, slot) => kfuncName(env, slot),
  };
}
