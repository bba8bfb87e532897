import { assert } from '@probed/base';
import { addressOf } from '@probed/memory';
import {
  type AbiRet,
  type AbiSlot,
  type CallbackInvoker,
  type ExecutionEnv,
  type HelperFn,
  helperAbi,
  helperById,
  linkedKfunc,
  type VerifiedProgram,
} from '@probed/spec';
import type { Execution } from './execution';

/** A helper call of the program, linked with its implementation. */
export interface LinkedCall {
  readonly fn: HelperFn;
  readonly args: readonly AbiSlot[];
  readonly ret: AbiRet;
  readonly takesCallback: boolean;
}

/** Links the helper call at a slot; the map that every path passes is bound to it. */
export function linkHelper(program: VerifiedProgram, env: ExecutionEnv, slot: number): LinkedCall {
  const { imm: id } = program.insns[slot];
  const proto = helperById(id);
  assert(proto, `call of unknown helper ${id} at ${slot} was verified`);
  const { map } = program.facts[slot];
  const { args, ret } = helperAbi(proto);
  const fn = env.helper(id, map === undefined ? undefined : program.maps[map].name);
  return { fn, args, ret, takesCallback: args.includes('func') };
}

/** Links the call of a kernel function at a slot. */
export function linkKfunc(program: VerifiedProgram, env: ExecutionEnv, slot: number): LinkedCall {
  const { name, abi } = linkedKfunc(program, slot);
  return { fn: env.kfunc(name), ...abi, takesCallback: abi.args.includes('func') };
}

/** Calls a helper by its ABI with the registers of the caller. @returns r0, unsigned */
export function callLinked(call: LinkedCall, env: ExecutionEnv, caller: Execution): bigint {
  const words = marshal(call.args, caller.regs);
  const result = call.takesCallback ? withCallbacks(call.fn, words, env, caller) : call.fn(...words);
  return RESULTS[call.ret](result, env);
}

/** r1, r2, … as the implementation takes them: low halves, and high halves too for 64-bit scalars. */
function marshal(args: readonly AbiSlot[], regs: BigUint64Array): number[] {
  const words: number[] = [];
  args.forEach((kind, i) => {
    const value = regs[i + 1];
    words.push(Number(BigInt.asIntN(32, value)));
    if (kind === 'w64') words.push(Number(BigInt.asIntN(32, value >> 32n)));
  });
  return words;
}

const RESULTS: Readonly<Record<AbiRet, (result: number, env: ExecutionEnv) => bigint>> = {
  int: (result) => BigInt.asUintN(64, BigInt(result | 0)),
  ptr: (result) => BigInt.asUintN(64, BigInt(addressOf(result >>> 0))),
  u64: (_result, env) => env.memory.view.getBigUint64(env.resultSlot, true),
  void: () => 0n,
};

/** While such a helper runs, callbacks are the caller's; a nested run of another program leaves no trace. */
function withCallbacks(fn: HelperFn, words: number[], env: ExecutionEnv, caller: Execution): number {
  const outer = env.invokeCallback;
  const invoke: CallbackInvoker = (slot, ...args) =>
    Number(
      BigInt.asIntN(
        32,
        caller.invoke(
          slot,
          args.map((word) => BigInt.asUintN(64, BigInt(word))),
        ),
      ),
    );
  env.invokeCallback = invoke;
  try {
    return fn(...words);
  } finally {
    env.invokeCallback = outer;
  }
}
