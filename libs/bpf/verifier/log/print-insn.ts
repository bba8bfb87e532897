import { BPF_PSEUDO_LD, type DisasmCallbacks, disassembleInsn, type Insn } from '@probed/isa';
import { kfuncName } from '../calls/kfunc/fetch';
import type { VerifierEnv } from '../env';
import { helperName } from '../tables';

const callbacksOf = new WeakMap<VerifierEnv, DisasmCallbacks>();

/** An instruction as `verbose_insn` prints it, without the newline. */
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
    imm64: (insn, value, slot) => `0x${(addressOf(env, insn, slot) ?? value).toString(16)}`,
    call: (_insn, slot) => kfuncName(env, slot),
  };
}

/** Where the kernel has its maps and their values: the direct map and vmalloc space of x86-64. */
const MAPS_AT = 0xffff_8881_0000_0000n;
const MAP_BYTES = 0x400n;
const VALUES_AT = 0xffff_c900_0000_0000n;
const VALUE_BYTES = 0x10_0000n;

/**
 * The address that stands in an instruction once a map is resolved. Ours have none while they are only judged, so these
 * are made up: the same for the same program, and as long as real ones, so that what follows in the line is aligned
 * alike. Who may not see addresses sees 0.
 */
function addressOf(env: VerifierEnv, insn: Insn, slot: number): bigint | undefined {
  const map = env.mapOf.get(slot);
  if (!map) return undefined;
  if (!env.allowPtrLeaks) return 0n;
  const index = BigInt(env.usedMaps.indexOf(map));
  const isValue = insn.src === BPF_PSEUDO_LD.MAP_VALUE || insn.src === BPF_PSEUDO_LD.MAP_IDX_VALUE;
  if (!isValue) return MAPS_AT + index * MAP_BYTES;
  const off = BigInt(env.insns[slot + 1].imm >>> 0);
  return VALUES_AT + index * VALUE_BYTES + off;
}
