import { isKfuncCall, isSubprogCall, MAX_BPF_STACK, subprogTarget } from '@probed/isa';
import { hasPrivateStack } from '@probed/spec';
import { kfuncName, specialKfunc } from '../calls/kfunc';
import type { VerifierEnv } from '../env';
import { MAX_CALL_FRAMES } from '../pruning/backtrack-state';
import { isFuncRef } from './subprograms';

/** Stack depths below it share the caller's stack (BPF_PRIV_STACK_MIN_SIZE). */
const PRIV_STACK_MIN_SIZE = 64;
/** With a tail call below, the frames above may hold at most this much. */
const MAX_DEPTH_ABOVE_TAIL_CALL = 256;

function roundUp(depth: number): number {
  return (depth + 15) & ~15;
}

/**
 * The deepest chain of calls fits the stack (`check_max_stack_depth`): 512 bytes for all frames together, or for
 * program types with private stacks 512 for each function that uses 64 bytes or more.
 */
export function checkMaxStackDepth(env: VerifierEnv): void {
  const tailCalls = env.subprogs.some((sub) => sub.hasTailCall);
  const priv = !tailCalls && hasPrivateStack(env.spec.type, env.spec.expectedAttachType);
  const shared = new Set<number>();
  for (let n = env.subprogs.length - 1; n >= 0; n--) {
    if (n === 0 || env.subprogs[n].isAsyncCb) new DepthWalk(env, shared, n === 0 && priv).run(n, 0, 0, false);
  }
}

class DepthWalk {
  constructor(
    private readonly env: VerifierEnv,
    /** Functions that some asynchronous callback reaches: they use the shared stack. */
    private readonly shared: Set<number>,
    private readonly priv: boolean,
  ) {}

  /** @param inCallback a function of the chain above is a callback */
  run(n: number, above: number, frame: number, inCallback: boolean): void {
    const { env } = this;
    const sub = env.subprogs[n];
    if (!this.priv) this.shared.add(n);
    if (n !== 0 && sub.hasTailCall && above >= MAX_DEPTH_ABOVE_TAIL_CALL) {
      env.reject(
        'EACCES',
        `tail_calls are not allowed when call stack of previous frames is ${above} bytes. Too large`,
      );
    }
    const own = roundUp(sub.stackDepth);
    const isPrivate = this.priv && !this.shared.has(n) && own >= PRIV_STACK_MIN_SIZE;
    const depth = isPrivate ? above : above + own;
    if (isPrivate && own > MAX_BPF_STACK) {
      env.reject('EACCES', `stack size of subprog ${n} is ${own}. Too large`);
    }
    if (depth > MAX_BPF_STACK) {
      env.reject('EACCES', `combined stack size of ${frame + 1} calls is ${depth}. Too large`);
    }
    for (let i = sub.start; i < env.subprogEnd(n); i++) {
      if (isKfuncCall(env.insns[i])) this.checkThrow(i, n, inCallback || sub.isCb);
      else this.enterCall(i, depth, frame, inCallback || sub.isCb);
    }
  }

  /** Callbacks return to the kernel, which can't be unwound. */
  private checkThrow(i: number, n: number, inCallback: boolean): void {
    if (!inCallback || !specialKfunc(kfuncName(this.env, i) ?? '').endsPath) return;
    this.env.reject('EINVAL', `bpf_throw kfunc (insn ${i}) cannot be called from callback subprog ${n}`);
  }

  private enterCall(i: number, depth: number, frame: number, inCallback: boolean): void {
    const { env } = this;
    const insn = env.insns[i];
    if (!isSubprogCall(insn) && !isFuncRef(insn)) return;
    const callee = env.findSubprog(subprogTarget(insn, i) as number);
    if (env.subprogs[callee].isAsyncCb && !isSubprogCall(insn)) return;
    if (env.subprogs[callee].isExceptionCb) {
      env.reject('EINVAL', `insn ${i} cannot call exception cb directly`);
    }
    if (frame + 1 >= MAX_CALL_FRAMES) {
      env.reject('E2BIG', `the call stack of ${frame + 1} frames is too deep !`);
    }
    this.run(callee, depth, frame + 1, inCallback);
  }
}
