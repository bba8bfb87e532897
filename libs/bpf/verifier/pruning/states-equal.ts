import type { VerifierEnv } from '../env';
import { type FuncState, MAX_BPF_REG, SlotType } from '../state/func-state';
import { RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';
import { IdMap } from './id-map';
import { type Exact, Exact as Level, regsafe, sameUpToIds } from './regs-equal';

const UNBOUND_REG = new RegState();
UNBOUND_REG.markUnknown();

/** Slot at which a frame of a state stands: the current instruction, or its call of the next frame. */
export function frameInsn(st: VerifierState, frame: number): number {
  return frame === st.curframe ? st.insnIdx : st.frame[frame + 1].callsite;
}

/** `states_equal`: whatever was found safe from `old` on is safe from `cur` on. */
export function statesEqual(env: VerifierEnv, old: VerifierState, cur: VerifierState, exact: Exact): boolean {
  if (old.frame.length !== cur.frame.length) return false;
  if (old.speculative && !cur.speculative) return false;
  if (old.inSleepable !== cur.inSleepable) return false;
  const ids = idMapOf(env);
  ids.reset(env.idGen);
  ids.exactScalars = env.exploreAluLimits;
  if (!refsafe(old, cur, ids)) return false;
  for (let i = 0; i < old.frame.length; i++) {
    if (old.frame[i].callsite !== cur.frame[i].callsite) return false;
    const live = env.aux[frameInsn(old, i)].liveRegsBefore;
    if (!funcStatesEqual(env, old.frame[i], cur.frame[i], live, ids, exact)) return false;
  }
  return true;
}

const idMaps = new WeakMap<VerifierEnv, IdMap>();

function idMapOf(env: VerifierEnv): IdMap {
  let ids = idMaps.get(env);
  if (!ids) {
    ids = new IdMap();
    idMaps.set(env, ids);
  }
  return ids;
}

function funcStatesEqual(
  env: VerifierEnv,
  old: FuncState,
  cur: FuncState,
  liveRegs: number,
  ids: IdMap,
  exact: Exact,
): boolean {
  if (old.callbackDepth > cur.callbackDepth) return false;
  for (let i = 0; i < MAX_BPF_REG; i++) {
    if (((liveRegs >> i) & 1) === 1 && !regsafe(old.regs[i], cur.regs[i], ids, exact)) return false;
  }
  return stacksafe(env, old, cur, ids, exact);
}

/** `refsafe`: the same locks, regions and references. */
function refsafe(old: VerifierState, cur: VerifierState, ids: IdMap): boolean {
  const a = old.refs;
  const b = cur.refs;
  if (
    a.items.length !== b.items.length ||
    a.activeLocks !== b.activeLocks ||
    a.activePreemptLocks !== b.activePreemptLocks ||
    a.activeRcuLocks !== b.activeRcuLocks ||
    a.activeLockPtr !== b.activeLockPtr ||
    !ids.checkIds(a.activeIrqId, b.activeIrqId) ||
    !ids.checkIds(a.activeLockId, b.activeLockId)
  ) {
    return false;
  }
  for (let i = 0; i < a.items.length; i++) {
    if (!ids.checkIds(a.items[i].id, b.items[i].id) || a.items[i].type !== b.items[i].type) return false;
    if (a.items[i].ptr !== b.items[i].ptr) return false;
  }
  return true;
}

/** `stacksafe`: slots that the explored state did not use may hold anything. */
function stacksafe(env: VerifierEnv, old: FuncState, cur: FuncState, ids: IdMap, exact: Exact): boolean {
  const oldTypes = old.slotType;
  const curTypes = cur.slotType;
  for (let i = 0; i < oldTypes.length; i++) {
    const type = oldTypes[i];
    if (exact !== Level.NOT_EXACT && (i >= curTypes.length || type !== curTypes[i])) return false;
    if (type === SlotType.INVALID) continue;
    if (type === SlotType.MISC && env.allowUninitStack) continue;
    if (i >= curTypes.length) return false;
    const spi = i >> 3;
    const oldReg = scalarOfSlot(env, old, spi);
    const curReg = oldReg && scalarOfSlot(env, cur, spi);
    if (oldReg && curReg) {
      if (!regsafe(oldReg, curReg, ids, exact)) return false;
      i += 7;
      continue;
    }
    if (type === SlotType.MISC && curTypes[i] === SlotType.ZERO) continue;
    if (type !== curTypes[i]) return false;
    if ((i & 7) === 7 && !sameSlot(old, cur, spi, ids, exact)) return false;
  }
  return true;
}

function sameSlot(old: FuncState, cur: FuncState, spi: number, ids: IdMap, exact: Exact): boolean {
  const a = old.spilled[spi];
  const b = cur.spilled[spi];
  const type = old.slotType[spi * 8 + 7];
  if (type === SlotType.SPILL) return regsafe(a, b, ids, exact);
  if (type === SlotType.DYNPTR) {
    return (
      a.dynptrType === b.dynptrType &&
      a.dynptrFirstSlot === b.dynptrFirstSlot &&
      ids.checkIds(a.refObjId, b.refObjId)
    );
  }
  if (type === SlotType.ITER) {
    // How often it advanced makes no difference to what is safe.
    return a.btfId === b.btfId && a.iterState === b.iterState && ids.checkIds(a.refObjId, b.refObjId);
  }
  if (type === SlotType.IRQ_FLAG) return a.irqOfLock === b.irqOfLock && ids.checkIds(a.refObjId, b.refObjId);
  return true;
}

/** `scalar_reg_for_stack`: the scalar that a load of the whole slot gives, if it gives one. */
function scalarOfSlot(env: VerifierEnv, func: FuncState, spi: number): RegState | undefined {
  const base = spi * 8;
  if (func.slotType[base] === SlotType.SPILL) {
    return func.spilled[spi].type === RegBase.SCALAR_VALUE ? func.spilled[spi] : undefined;
  }
  for (let i = base; i < base + 8; i++) {
    const type = func.slotType[i];
    if (type !== SlotType.MISC && !(type === SlotType.INVALID && env.allowUninitStack)) return undefined;
  }
  return UNBOUND_REG;
}

/** `states_maybe_looping`: a cheap first test for an endless loop. */
export function statesMaybeLooping(old: VerifierState, cur: VerifierState): boolean {
  if (old.frame.length !== cur.frame.length) return false;
  const a = old.curFunc.regs;
  const b = cur.curFunc.regs;
  for (let i = 0; i < MAX_BPF_REG; i++) {
    if (!sameUpToIds(a[i], b[i]) || a[i].id !== b[i].id || a[i].refObjId !== b[i].refObjId) return false;
  }
  return true;
}
