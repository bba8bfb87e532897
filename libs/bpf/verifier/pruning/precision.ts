import type { VerifierEnv } from '../env';
import { printInsn } from '../log/print-insn';
import { printVerifierState } from '../log/print-state';
import type { FuncState } from '../state/func-state';
import { type RegState } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import type { JmpHistoryEntry, VerifierState } from '../state/verifier-state';
import { backtrackInsn } from './backtrack-insn';
import { BacktrackState, REGMASK_ARGS } from './backtrack-state';

/**
 * Precision tracking (`mark_chain_precision`): pruning ignores the exact value of a scalar unless safety hung on it.
 * When it does, the value is traced back through the way taken, and each kept state on that way learns which
 * registers and stack slots must agree.
 */
export function markChainPrecision(env: VerifierEnv, regno: number): void {
  const bt = new BacktrackState();
  bt.reset(env.cur.curframe);
  bt.setReg(regno);
  trace(env, env.cur, bt);
}

/** The same for a spilled scalar of the current state. */
export function markSlotPrecision(env: VerifierEnv, frame: number, spi: number): void {
  const bt = new BacktrackState();
  bt.reset(env.cur.curframe);
  bt.setSlot(frame, spi);
  trace(env, env.cur, bt);
}

/**
 * `propagate_precision`: a path stopped at the equal state `old`, so what mattered there matters on the way to `cur`.
 * True when some state learned of it.
 */
export function propagatePrecision(env: VerifierEnv, old: VerifierState, cur: VerifierState): boolean {
  const bt = new BacktrackState();
  bt.reset(cur.curframe);
  for (let fr = old.curframe; fr >= 0; fr--) {
    const func = old.frame[fr];
    const names: string[] = [];
    for (let i = 0; i < 10; i++) {
      const reg = func.regs[i];
      if (reg.type !== RegBase.SCALAR_VALUE || !reg.precise) continue;
      bt.setReg(i, fr);
      names.push(`r${i}`);
    }
    for (let spi = 0; spi < func.slots; spi++) {
      const reg = func.spilled[spi];
      if (!func.isSpilled(spi) || reg.type !== RegBase.SCALAR_VALUE || !reg.precise) continue;
      bt.setSlot(fr, spi);
      names.push(`fp${-8 * (spi + 1)}`);
    }
    if (names.length > 0 && env.log.level2) env.verbose(`frame ${fr}: propagating ${names.join(',')}\n`);
  }
  return trace(env, cur, bt);
}

function trace(env: VerifierEnv, start: VerifierState, bt: BacktrackState): boolean {
  if (!env.bpfCapable || bt.empty) return false;
  let st: VerifierState = start;
  let firstIdx = st.firstInsnIdx;
  let lastIdx = start.insnIdx;
  let subseq = -1;
  let skipFirst = true;
  let changed = false;
  for (;;) {
    if (env.log.level2) {
      env.verbose(
        `mark_precise: frame${bt.frame}: last_idx ${lastIdx} first_idx ${firstIdx} subseq_idx ${subseq} \n`,
      );
    }
    if (lastIdx < 0) return markEntry(st, bt) || changed;
    const end = walkState(env, st, lastIdx, subseq, skipFirst, bt);
    skipFirst = false;
    if (end === 'unknown') {
      forceAllPrecise(env, start);
      return true;
    }
    if (end === 'done') return changed;
    subseq = end;
    if (!st.parent) break;
    st = st.parent;
    changed = markFrames(env, st, bt) || changed;
    if (bt.empty) return changed;
    subseq = firstIdx;
    lastIdx = st.lastInsnIdx;
    firstIdx = st.firstInsnIdx;
  }
  forceAllPrecise(env, start);
  return true;
}

/** Walks back to the beginning of a state's own stretch; gives the last instruction seen there. */
function walkState(
  env: VerifierEnv,
  st: VerifierState,
  lastIdx: number,
  subseqIdx: number,
  skipFirst: boolean,
  bt: BacktrackState,
): number | 'done' | 'unknown' {
  let history = st.jmpHistory.length;
  let subseq = subseqIdx;
  let skip = skipFirst;
  for (let i = lastIdx; ; ) {
    if (!skip) {
      const last: JmpHistoryEntry | undefined = history > 0 ? st.jmpHistory[history - 1] : undefined;
      if (env.log.level2) printStep(env, i, bt);
      if (!backtrackInsn(env, i, subseq, last?.idx === i ? last : undefined, bt)) return 'unknown';
    }
    skip = false;
    if (bt.empty) return 'done';
    subseq = i;
    if (i === st.firstInsnIdx && (history === 0 || (history === 1 && st.jmpHistory[0].idx === i)))
      return subseq;
    if (history > 0 && st.jmpHistory[history - 1].idx === i) i = st.jmpHistory[--history].prevIdx;
    else i--;
    if (i < 0 || i >= env.insns.length) return 'unknown';
  }
}

function printStep(env: VerifierEnv, idx: number, bt: BacktrackState): void {
  if (env.insns[idx].opcode === 0) return;
  const marks = `frame${bt.frame}: regs=${bt.regsText()} stack=${bt.slotsText()}`;
  env.verbose(`mark_precise: ${marks} before ${idx}: ${printInsn(env, idx)}\n`);
}

/** The entry of a function verified on its own: only its arguments may still be asked for. */
function markEntry(st: VerifierState, bt: BacktrackState): boolean {
  let changed = false;
  if (st.curframe !== 0 || bt.hasSlots() || (bt.regMask() & ~REGMASK_ARGS) !== 0) return changed;
  for (let i = 1; i <= 5; i++) {
    if (!bt.isRegSet(i)) continue;
    const reg = st.frame[0].regs[i];
    if (reg.type !== RegBase.SCALAR_VALUE) continue;
    reg.precise = true;
    changed = true;
  }
  return changed;
}

/** Marks in a kept state what is asked for; what was marked before needs no further tracing. */
function markFrames(env: VerifierEnv, st: VerifierState, bt: BacktrackState): boolean {
  let changed = false;
  for (let fr = bt.frame; fr >= 0; fr--) {
    const func = st.frame[fr];
    changed = markRegs(func, fr, bt) || changed;
    changed = markSlots(func, fr, bt) || changed;
    if (env.log.level2) {
      env.verbose(
        `mark_precise: frame${fr}: parent state regs=${bt.regsText(fr)} stack=${bt.slotsText(fr)}: `,
      );
      printVerifierState(env, st, fr, true);
    }
  }
  return changed;
}

function markRegs(func: FuncState, fr: number, bt: BacktrackState): boolean {
  let changed = false;
  for (let mask = bt.regMask(fr); mask !== 0; mask &= mask - 1) {
    const i = 31 - Math.clz32(mask & -mask);
    if (markOne(func.regs[i])) changed = true;
    else bt.clearReg(i, fr);
  }
  return changed;
}

function markSlots(func: FuncState, fr: number, bt: BacktrackState): boolean {
  if (!bt.hasSlots(fr)) return false;
  let changed = false;
  for (let spi = 0; spi < 64; spi++) {
    if (!bt.isSlotSet(fr, spi)) continue;
    if (spi < func.slots && func.isSpilled(spi) && markOne(func.spilled[spi])) changed = true;
    else bt.clearSlot(fr, spi);
  }
  return changed;
}

/** True when the register is a scalar that was not marked yet. */
function markOne(reg: RegState): boolean {
  if (reg.type !== RegBase.SCALAR_VALUE || reg.precise) return false;
  reg.precise = true;
  return true;
}

/** `mark_all_scalars_precise`: where tracing can't follow, everything on the way counts. */
export function forceAllPrecise(env: VerifierEnv, start: VerifierState): void {
  if (env.log.level2) {
    env.verbose(`mark_precise: frame${start.curframe}: falling back to forcing all scalars precise\n`);
  }
  for (let st = start.parent; st; st = st.parent) {
    for (const func of st.frame) forceFrame(env, func);
  }
}

function forceFrame(env: VerifierEnv, func: FuncState): void {
  for (let j = 0; j < 10; j++) {
    if (markOne(func.regs[j]) && env.log.level2) {
      env.verbose(`force_precise: frame${func.frameno}: forcing r${j} to be precise\n`);
    }
  }
  for (let j = 0; j < func.slots; j++) {
    if (func.isSpilled(j) && markOne(func.spilled[j]) && env.log.level2) {
      env.verbose(`force_precise: frame${func.frameno}: forcing fp${-8 * (j + 1)} to be precise\n`);
    }
  }
}
