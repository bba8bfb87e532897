/**
 * Where a value comes from: the way is walked backwards, from one instruction that changed the value to the one before,
 * through copies, spills, fills and calls.
 */
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  type Insn,
  insnClass,
  insnOp,
  isAluClass,
  isHelperCall,
  isJmpClass,
  isRegOperand,
  isSubprogCall,
  memSizeBytes,
  OP_CALL,
  OP_EXIT,
} from '@probed/isa';
import type { VerifierEnv } from '../env';
import { slotOf } from '../memory/stack-slots';
import { isConst } from '../scalar';
import type { RegState } from '../state/reg-state';
import { baseType, RegBase, regTypeStr } from '../state/reg-type';
import { helperName } from '../tables';
import { describeReg } from './describe';
import type { ValueEvent } from './explanation';
import type { FrameView, TraceStep } from './recorder';
import { spotOf } from './spot';

const EVENTS_MAX = 8;

/** A register or a stack slot of some frame. */
interface Place {
  readonly frame: number;
  readonly isReg: boolean;
  readonly index: number;
}

/** One step back: what happened to the place, and where its value was before; no place where it began. */
interface Origin {
  readonly kind: ValueEvent['kind'];
  readonly what: string;
  readonly from?: Place;
}

function lookUp(frames: readonly FrameView[], { frame, isReg, index }: Place): RegState | undefined {
  return isReg ? frames[frame]?.regs[index] : frames[frame]?.slots[index];
}

function nameOf({ isReg, index }: Place): string {
  return isReg ? `r${index}` : `fp${-8 * (index + 1)}`;
}

/** @param steps entry first; the last one came right before the instruction that was refused */
export function historyOf(env: VerifierEnv, steps: readonly TraceStep[], regno: number): ValueEvent[] {
  const events: ValueEvent[] = [];
  let place: Place | undefined = {
    frame: steps[steps.length - 1].frames.length - 1,
    isReg: true,
    index: regno,
  };
  for (let i = steps.length - 1; i > 0 && place && events.length < EVENTS_MAX; i--) {
    const before = steps[i - 1];
    const origin = originOf(env, steps[i], before, place);
    if (!origin) continue;
    const after = lookUp(steps[i].frames, place);
    events.push({
      at: spotOf(env, steps[i].insn),
      kind: origin.kind,
      place: nameOf(place),
      what: origin.what,
      value: after ? describeReg(after) : 'bytes of unknown content',
    });
    place = origin.from;
  }
  return events;
}

function originOf(env: VerifierEnv, step: TraceStep, before: TraceStep, place: Place): Origin | undefined {
  const insn = env.insns[step.insn];
  if (place.frame >= before.frames.length) return passedIn(place);
  if (insn.opcode === OP_EXIT) {
    const returned = place.isReg && place.index === 0 && before.frames.length > step.frames.length;
    if (!returned || place.frame !== step.frames.length - 1) return undefined;
    return {
      kind: 'copied',
      what: 'returned by the function called',
      from: { ...place, frame: place.frame + 1 },
    };
  }
  if (place.frame !== before.frames.length - 1 && place.isReg) return undefined;
  if (isJmpClass(insn) && insn.opcode !== OP_CALL) {
    if (lookUp(step.frames, place) === lookUp(before.frames, place)) return undefined;
    const side = step.next === step.insn + 1 ? 'not taken' : 'taken';
    return { kind: 'narrowed', what: `jump ${side}`, from: place };
  }
  return place.isReg ? registerOrigin(env, insn, before, place) : slotOrigin(insn, step, before, place);
}

function passedIn(place: Place): Origin {
  if (place.isReg && place.index >= 1 && place.index <= 5 && place.frame > 0) {
    return { kind: 'copied', what: 'passed by the caller', from: { ...place, frame: place.frame - 1 } };
  }
  return { kind: 'set', what: 'fresh at the entry of the function' };
}

function registerOrigin(env: VerifierEnv, insn: Insn, before: TraceStep, place: Place): Origin | undefined {
  if (insn.opcode === OP_CALL) return callOrigin(env, insn, place);
  if (insn.dst !== place.index) return undefined;
  if (isAluClass(insn)) return aluOrigin(insn, before, place);
  const cls = insnClass(insn);
  if (cls === BPF_CLASS.LDX) return loadOrigin(insn, before, place);
  return cls === BPF_CLASS.LD ? { kind: 'set', what: 'loaded as a constant' } : undefined;
}

function callOrigin(env: VerifierEnv, insn: Insn, place: Place): Origin | undefined {
  if (place.index > 5) return undefined;
  if (isSubprogCall(insn))
    return place.index === 0 ? { kind: 'set', what: 'result of the function called' } : undefined;
  const name = isHelperCall(insn) ? (helperName(insn.imm) ?? `helper ${insn.imm}`) : 'the kernel function';
  if (place.index === 0) return { kind: 'set', what: `result of ${name}` };
  return { kind: 'set', what: `destroyed by the call of ${env.insns.includes(insn) ? name : 'a function'}` };
}

function aluOrigin(insn: Insn, before: TraceStep, place: Place): Origin {
  const src: Place = { ...place, index: insn.src };
  if (insnOp(insn) === BPF_ALU_OP.MOV) {
    if (!isRegOperand(insn)) return { kind: 'set', what: 'set to a constant' };
    const extended =
      insn.off !== 0 ? ', sign-extended' : insnClass(insn) === BPF_CLASS.ALU ? ', upper half zeroed' : '';
    return { kind: 'copied', what: `copied from r${insn.src}${extended}`, from: src };
  }
  // Where a number was added to a pointer, its bounds are what matters.
  const old = lookUp(before.frames, place);
  const other = isRegOperand(insn) ? lookUp(before.frames, src) : undefined;
  const byNumber =
    old !== undefined &&
    other !== undefined &&
    old.type !== RegBase.SCALAR_VALUE &&
    other.type === RegBase.SCALAR_VALUE &&
    !isConst(other.v);
  return byNumber
    ? { kind: 'moved', what: `moved by r${insn.src}`, from: src }
    : { kind: 'moved', what: 'computed', from: place };
}

function loadOrigin(insn: Insn, before: TraceStep, place: Place): Origin {
  const base = lookUp(before.frames, { ...place, index: insn.src });
  const slot = base && stackSlot(base, insn.off);
  const bytes = memSizeBytes(insn);
  if (slot)
    return { kind: 'copied', what: `read back from the stack at fp${-8 * (slot.index + 1)}`, from: slot };
  const where = base && baseType(base.type) !== RegBase.SCALAR_VALUE ? ` from ${regTypeStr(base.type)}` : '';
  return { kind: 'set', what: `loaded, ${bytes} byte${bytes === 1 ? '' : 's'}${where}` };
}

/** The slot that a stack pointer with a known offset points at. */
function stackSlot(base: RegState, off: number): Place | undefined {
  if (base.type !== RegBase.PTR_TO_STACK || !isConst(base.v)) return undefined;
  const at = base.off + Number(BigInt.asIntN(64, base.v.value)) + off;
  return at < 0 && at >= -512 ? { frame: base.frameno, isReg: false, index: slotOf(at) } : undefined;
}

function slotOrigin(insn: Insn, step: TraceStep, before: TraceStep, place: Place): Origin | undefined {
  const cls = insnClass(insn);
  if (cls !== BPF_CLASS.ST && cls !== BPF_CLASS.STX) {
    const changed = lookUp(step.frames, place) !== lookUp(before.frames, place);
    return changed ? { kind: 'set', what: 'changed by the call' } : undefined;
  }
  const frame = before.frames.length - 1;
  const base = before.frames[frame].regs[insn.dst];
  const slot = stackSlot(base, insn.off);
  if (slot?.frame !== place.frame || slot.index !== place.index) return undefined;
  if (cls === BPF_CLASS.ST) return { kind: 'set', what: 'stored as a constant' };
  return { kind: 'copied', what: `stored from r${insn.src}`, from: { frame, isReg: true, index: insn.src } };
}

/** Registers that an instruction reads: those which an explanation of its refusal is about. */
export function registersOf(insn: Insn): number[] {
  if (insn.opcode === OP_CALL) return [];
  if (insn.opcode === OP_EXIT) return [0];
  const cls = insnClass(insn);
  if (cls === BPF_CLASS.LDX) return [insn.src];
  if (cls === BPF_CLASS.LD) return [];
  if (cls === BPF_CLASS.ST) return [insn.dst];
  if (isJmpClass(insn) && insnOp(insn) === BPF_JMP_OP.JA) return [];
  return isRegOperand(insn) || cls === BPF_CLASS.STX ? [insn.dst, insn.src] : [insn.dst];
}
