import type { VerifierEnv } from '../../env';
import { checkMemAccess } from '../../memory/access';
import { areSlots, clearObject, markObjectRead, stackObjectSpi } from '../../memory/stack-object';
import { SlotType } from '../../state/func-state';
import { acquireIrq, releaseIrq } from '../../state/locks';
import type { RegState } from '../../state/reg-state';
import { RegBase } from '../../state/reg-type';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';

const SAVES: ReadonlySet<string> = new Set(['bpf_local_irq_save', 'bpf_res_spin_lock_irqsave']);
const WITH_LOCK: ReadonlySet<string> = new Set([
  'bpf_res_spin_lock_irqsave',
  'bpf_res_spin_unlock_irqrestore',
]);

/** Flags of the processor that a function saves to the stack or takes back from it (`process_irq_flag`). */
export function checkIrqFlagArg(
  env: VerifierEnv,
  { index, regno, reg }: KfuncArg,
  { name }: KfuncMeta,
): void {
  if (reg.type !== RegBase.PTR_TO_STACK) {
    env.reject('EINVAL', `arg#${index} doesn't point to an irq flag on stack`);
  }
  const ofLock = WITH_LOCK.has(name);
  if (SAVES.has(name)) save(env, index, regno, reg, ofLock);
  else restore(env, index, reg, ofLock);
}

const SLOTS = 1;

function place(env: VerifierEnv, reg: RegState): ReturnType<typeof stackObjectSpi> {
  return stackObjectSpi(env, reg, 'irq_flag', SLOTS);
}

function save(env: VerifierEnv, index: number, regno: number, reg: RegState, ofLock: boolean): void {
  const before = place(env, reg);
  const func = env.cur.frame[reg.frameno];
  const isTaken =
    typeof before === 'number' &&
    func.slotType.subarray(before * 8, before * 8 + 8).includes(SlotType.IRQ_FLAG);
  if (isTaken || (typeof before !== 'number' && before !== 'range')) {
    env.reject('EINVAL', `expected uninitialized irq flag as arg#${index}`);
  }
  checkMemAccess(env, {
    insnIdx: env.insnIdx,
    regno,
    off: 0,
    size: 8,
    write: true,
    valueRegno: -1,
    strictOnce: false,
    signExtend: false,
  });
  const spi = place(env, reg);
  if (typeof spi !== 'number') env.fail('EINVAL');
  const slot = func.spilled[spi];
  slot.markPointer(RegBase.PTR_TO_STACK);
  slot.refObjId = acquireIrq(env);
  slot.irqOfLock = ofLock;
  func.slotType.fill(SlotType.IRQ_FLAG, spi * 8, spi * 8 + 8);
  env.liveness.markStackWrite(func.frameno, spi);
  env.touched.slot(spi);
}

function restore(env: VerifierEnv, index: number, reg: RegState, ofLock: boolean): void {
  const spi = place(env, reg);
  const func = env.cur.frame[reg.frameno];
  const slot = typeof spi === 'number' ? func.spilled[spi] : undefined;
  if (
    typeof spi !== 'number' ||
    !slot ||
    slot.refObjId === 0 ||
    !areSlots(func, spi, SLOTS, SlotType.IRQ_FLAG)
  ) {
    env.reject('EINVAL', `expected an initialized irq flag as arg#${index}`);
  }
  markObjectRead(env, reg, spi, SLOTS);
  if (slot.irqOfLock !== ofLock) {
    const kind = (isLock: boolean): string => (isLock ? 'lock' : 'native');
    env.reject(
      'EINVAL',
      `irq flag acquired by ${kind(slot.irqOfLock)} kfuncs cannot be restored with ${kind(ofLock)} kfuncs`,
    );
  }
  if (!releaseIrq(env, slot.refObjId)) {
    const { items, activeIrqId } = env.cur.refs;
    const insn = items.find((r) => r.id === activeIrqId)?.insn ?? 0;
    env.reject(
      'EACCES',
      `cannot restore irq state out of order, expected id=${activeIrqId} acquired at insn_idx=${insn}`,
    );
  }
  clearObject(env, func, spi, SLOTS);
}
