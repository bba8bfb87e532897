/**
 * Spills around calls that the verifier may remove (kernel/bpf/verifier.c: mark_fastcall_patterns): a function that
 * clobbers few registers is called with `*(u64 *)(r10 - Y) = rX` before it and `rX = *(u64 *)(r10 - Y)` after it, for
 * kernels that know no better. Where nothing else uses those slots they need no stack, which counts in the check of
 * stack depths.
 */
import {
  BPF_CLASS,
  BPF_MODE,
  BPF_REG_FP,
  BPF_SIZE,
  type Insn,
  isHelperCall,
  isKfuncCall,
  OP_CALL,
} from '@probed/isa';
import { kfuncByName } from '@probed/spec';
import type { SubprogInfo, VerifierEnv } from '../env';
import { helperProto } from '../tables';

const SPILL = BPF_CLASS.STX | BPF_MODE.MEM | BPF_SIZE.DW;
const FILL = BPF_CLASS.LDX | BPF_MODE.MEM | BPF_SIZE.DW;
/** R0–R5. */
const CALLER_SAVED_COUNT = 6;
const CALLER_SAVED_MASK = 0b111111;
/** Smaller than any offset: no slot of the function may be dropped. */
const NEVER = -0x8000;

/** How a call treats registers (`struct bpf_call_summary`). */
interface CallSummary {
  readonly params: number;
  readonly isVoid: boolean;
  /** Keeps all registers but its parameters' and its result's. */
  readonly isFast: boolean;
}

/** Pass: finds spills and fills around calls, before the program is walked. */
export function markFastcallPatterns(env: VerifierEnv): void {
  for (const [n, sub] of env.subprogs.entries()) {
    const end = env.subprogEnd(n);
    let lowest = 0;
    for (let i = sub.start; i < end; i++) {
      const { opcode, dst, off } = env.insns[i];
      if (opcode === SPILL && dst === BPF_REG_FP) lowest = Math.min(lowest, off);
    }
    if (lowest === 0) continue;
    for (let i = sub.start; i < end; i++) if (env.insns[i].opcode === OP_CALL) markCall(env, sub, i, lowest);
  }
}

function summaryOf(env: VerifierEnv, insn: Insn, at: number): CallSummary | undefined {
  if (isHelperCall(insn)) {
    const proto = helperProto(env, insn.imm);
    if (!proto) return undefined;
    return {
      params: proto.args.length,
      isVoid: proto.ret.type === 'VOID',
      isFast: proto.allowFastcall === true,
    };
  }
  const ref = env.spec.refs.get(at);
  if (!isKfuncCall(insn) || ref?.kind !== 'kfunc') return undefined;
  const { btf } = env.facts;
  const id = btf.findByName(ref.name, 'func');
  const func = id === undefined ? undefined : btf.type(id);
  const proto = func?.kind === 'func' ? btf.type(func.typeId) : undefined;
  if (proto?.kind !== 'func_proto') return undefined;
  const isFast = kfuncByName(ref.name)?.flags.includes('FASTCALL') === true;
  return { params: proto.params.length, isVoid: proto.returnTypeId === 0, isFast };
}

/** `mark_fastcall_pattern_for_call`: pairs are matched outwards from the call, at rising offsets. */
function markCall(env: VerifierEnv, sub: SubprogInfo, call: number, lowest: number): void {
  const summary = summaryOf(env, env.insns[call], call);
  if (!summary) return;
  const clobbered = ((2 << summary.params) - 1) & (summary.isVoid ? ~1 : ~0);
  let expected = CALLER_SAVED_MASK & ~clobbered;
  let off = lowest;
  let pairs = 0;
  for (; pairs < CALLER_SAVED_COUNT; pairs++, off += 8) {
    const spill = env.insns[call - pairs - 1];
    const fill = env.insns[call + pairs + 1];
    if (!spill || !fill || !isPair(spill, fill, off) || ((expected >> spill.src) & 1) === 0) break;
    expected &= ~(1 << spill.src);
    env.aux[call - pairs - 1].fastcallPattern = true;
    env.aux[call + pairs + 1].fastcallPattern = true;
  }
  if (pairs === 0) return;
  if (summary.isFast) env.aux[call].fastcallSpills = pairs;
  else sub.keepFastcallStack = true;
  sub.fastcallStackOff = Math.min(sub.fastcallStackOff, off);
}

function isPair(spill: Insn, fill: Insn, off: number): boolean {
  return (
    spill.opcode === SPILL &&
    fill.opcode === FILL &&
    spill.dst === BPF_REG_FP &&
    fill.src === BPF_REG_FP &&
    spill.src === fill.dst &&
    spill.off === off &&
    fill.off === off
  );
}

/** `check_fastcall_stack_contract`: another instruction that uses such a slot keeps all of its function's. */
export function checkFastcallContract(
  env: VerifierEnv,
  subprogno: number,
  insnIdx: number,
  off: number,
): void {
  const sub = env.subprogs[subprogno];
  if (sub.fastcallStackOff <= off || env.aux[insnIdx].fastcallPattern) return;
  sub.fastcallStackOff = NEVER;
  for (let i = sub.start; i < env.subprogEnd(subprogno); i++) {
    env.aux[i].fastcallSpills = 0;
    env.aux[i].fastcallPattern = false;
  }
}

/** Pass: functions whose spills can go need less stack (`remove_fastcall_spills_fills`). */
export function dropFastcallStack(env: VerifierEnv): void {
  for (const [n, sub] of env.subprogs.entries()) {
    sub.frameBytes = sub.stackDepth;
    if (sub.keepFastcallStack) continue;
    for (let i = sub.start; i < env.subprogEnd(n); i++) {
      if (env.aux[i].fastcallSpills === 0) continue;
      sub.stackDepth = -sub.fastcallStackOff;
      break;
    }
  }
}
