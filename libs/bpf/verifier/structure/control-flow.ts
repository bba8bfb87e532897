import {
  BPF_CLASS,
  BPF_JMP_OP,
  insnClass,
  insnOp,
  insnSlots,
  isHelperCall,
  isKfuncCall,
  isLdImm64,
  isMayGoto,
  isSubprogCall,
  jumpTarget,
} from '@probed/isa';
import { isAsyncCallbackHelper, isSyncCallbackHelper } from '../calls/callback-helpers';
import { fetchKfunc, kfuncName, specialKfunc } from '../calls/kfunc';
import type { VerifierEnv } from '../env';
import { sourceLine } from '../log/source-line';
import { helperChangesPktData, helperProto } from '../tables';
import { isFuncRef } from './subprograms';

const DISCOVERED = 0x10;
const EXPLORED = 0x20;
const FALLTHROUGH = 1;
const BRANCH = 2;

/**
 * Walks the control flow depth first without recursion (`check_cfg`): every instruction is reachable, no jump lands
 * inside an ld_imm64; marks where states are kept for pruning and where the way taken is recorded.
 */
export function checkCfg(env: VerifierEnv): void {
  const walk = new CfgWalk(env);
  walk.run();
  for (let i = 0; i < env.insns.length; i++) {
    if (walk.state[i] !== EXPLORED) env.reject('EINVAL', `unreachable insn ${i}`);
    if (isLdImm64(env.insns[i])) {
      if (walk.state[i + 1] !== 0) env.reject('EINVAL', `jump into the middle of ldimm64 insn ${i}`);
      i++;
    }
  }
}

class CfgWalk {
  readonly state: Uint8Array;
  private readonly stack: number[] = [];

  constructor(private readonly env: VerifierEnv) {
    this.state = new Uint8Array(env.insns.length);
  }

  run(): void {
    this.walkFrom(0);
    const { exceptionCallback, subprogs } = this.env;
    if (exceptionCallback !== 0) this.walkFrom(subprogs[exceptionCallback].start);
  }

  private walkFrom(start: number): void {
    if (this.state[start] !== 0) return;
    this.state[start] = DISCOVERED;
    this.stack.push(start);
    while (this.stack.length > 0) {
      const t = this.stack[this.stack.length - 1];
      if (this.visit(t)) continue;
      this.state[t] = EXPLORED;
      this.stack.pop();
    }
  }

  /** `visit_insn`: true when a successor was pushed, false when all of them are done. */
  private visit(t: number): boolean {
    const insn = this.env.insns[t];
    if (isFuncRef(insn)) return this.visitCall(t, true);
    const cls = insnClass(insn);
    if (cls !== BPF_CLASS.JMP && cls !== BPF_CLASS.JMP32)
      return this.push(t, t + insnSlots(insn), FALLTHROUGH);
    const op = insnOp(insn);
    if (op === BPF_JMP_OP.EXIT) return false;
    if (op === BPF_JMP_OP.CALL) return this.visitCallInsn(t);
    if (op === BPF_JMP_OP.JA) return this.visitGoto(t);
    return this.visitBranch(t);
  }

  private visitGoto(t: number): boolean {
    const target = jumpTarget(this.env.insns[t], t) as number;
    if (this.push(t, target, FALLTHROUGH)) return true;
    this.markPrune(target);
    this.env.aux[target].jmpPoint = true;
    return false;
  }

  private visitBranch(t: number): boolean {
    this.markPrune(t);
    if (isMayGoto(this.env.insns[t])) this.env.aux[t].forceCheckpoint = true;
    if (this.push(t, t + 1, FALLTHROUGH)) return true;
    return this.push(t, t + this.env.insns[t].off + 1, BRANCH);
  }

  private visitCallInsn(t: number): boolean {
    const { env } = this;
    const insn = env.insns[t];
    const aux = env.aux[t];
    if (isHelperCall(insn)) {
      if (isAsyncCallbackHelper(insn.imm)) aux.prunePoint = true;
      if (isSyncCallbackHelper(insn.imm)) this.markCallback(t);
      const sub = env.subprogs[env.subprogOf(t)];
      if (helperProto(env, insn.imm)?.mightSleep) sub.mightSleep = true;
      if (helperChangesPktData(insn.imm)) sub.changesPktData = true;
    }
    if (isKfuncCall(insn)) this.visitKfunc(t);
    return this.visitCall(t, isSubprogCall(insn));
  }

  private visitKfunc(t: number): void {
    const { env } = this;
    const aux = env.aux[t];
    const special = specialKfunc(kfuncName(env, t) ?? '');
    if (special.asyncCallback) aux.prunePoint = true;
    if (special.syncCallback) this.markCallback(t);
    const row = fetchKfunc(env, t)?.row;
    if (!row) return;
    if (row.flags.includes('ITER_NEXT')) {
      aux.iterNext = true;
      aux.prunePoint = true;
      aux.forceCheckpoint = true;
    }
    const sub = env.subprogs[env.subprogOf(t)];
    if (row.flags.includes('SLEEPABLE')) sub.mightSleep = true;
    if (special.changesPktData) sub.changesPktData = true;
  }

  /** How often a callback runs is not known: states are kept at its call. */
  private markCallback(t: number): void {
    const aux = this.env.aux[t];
    aux.callsCallback = true;
    aux.forceCheckpoint = true;
    aux.prunePoint = true;
    aux.jmpPoint = true;
  }

  /** `visit_func_call_insn`. */
  private visitCall(t: number, visitCallee: boolean): boolean {
    const { env } = this;
    const insn = env.insns[t];
    const next = t + insnSlots(insn);
    if (this.push(t, next, FALLTHROUGH)) return true;
    this.markPrune(next);
    env.aux[next].jmpPoint = true;
    if (!visitCallee) return false;
    const target = t + insn.imm + 1;
    env.aux[t].prunePoint = true;
    this.mergeCallee(t, target);
    return this.push(t, target, BRANCH);
  }

  /** `merge_callee_effects`: a caller may do whatever its callees do. */
  private mergeCallee(t: number, target: number): void {
    const caller = this.env.subprogs[this.env.subprogOf(t)];
    const callee = this.env.subprogs[this.env.subprogOf(target)];
    caller.changesPktData ||= callee.changesPktData;
    caller.mightSleep ||= callee.mightSleep;
  }

  private markPrune(t: number): void {
    this.env.aux[t].prunePoint = true;
  }

  /** `push_insn`: true when `w` is new and now on the stack. */
  private push(t: number, w: number, edge: number): boolean {
    const { env, state } = this;
    if (state[t] >= (DISCOVERED | edge)) return false;
    if (w < 0 || w >= env.insns.length) {
      env.verbose(sourceLine(env, t, `${t}: `));
      env.reject('EINVAL', `jump out of range from insn ${t} to ${w}`);
    }
    if (edge === BRANCH) {
      env.aux[w].prunePoint = true;
      env.aux[w].jmpPoint = true;
    }
    if (state[w] === 0) {
      state[t] = DISCOVERED | edge;
      state[w] = DISCOVERED;
      this.stack.push(w);
      return true;
    }
    if ((state[w] & 0xf0) === DISCOVERED) {
      if (env.bpfCapable) return false;
      env.verbose(sourceLine(env, t, `${t}: `));
      env.verbose(sourceLine(env, w, `${w}: `));
      env.reject('EINVAL', `back-edge from insn ${t} to ${w}`);
    }
    state[t] = DISCOVERED | edge;
    return false;
  }
}
