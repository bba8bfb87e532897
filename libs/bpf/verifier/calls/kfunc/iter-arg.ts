import { AttachType, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../../env';
import { checkMemAccess } from '../../memory/access';
import { destroyIter, findIter, type IterKind, isIterUninit, makeIter } from '../../memory/iter-slots';
import { markObjectRead } from '../../memory/stack-object';
import { RegBase } from '../../state/reg-type';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';

const PREFIX = 'bpf_iter_';

/** An open-coded iterator on the stack (`process_iter_arg`). */
export function checkIterArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  const { index, reg } = arg;
  if (meta.name === 'bpf_iter_css_task_new' && !mayWalkCssTasks(env)) {
    env.reject('EINVAL', 'css_task_iter is only allowed in bpf_lsm, bpf_iter and sleepable progs');
  }
  if (reg.type !== RegBase.PTR_TO_STACK) {
    env.reject('EINVAL', `arg#${index} expected pointer to an iterator on stack`);
  }
  const { target } = arg;
  if (target.kind !== 'struct' || !target.name.startsWith(PREFIX)) {
    env.reject('EINVAL', `expected valid iter pointer as arg #${index}`);
  }
  const kind: IterKind = { btfId: arg.targetId, slots: target.size / 8 };
  if (meta.has('ITER_NEW')) startIter(env, arg, meta, kind);
  else useIter(env, arg, meta, kind);
}

/** `check_css_task_iter_allowlist`. */
function mayWalkCssTasks(env: VerifierEnv): boolean {
  const { type, expectedAttachType } = env.spec;
  if (type === ProgType.LSM) return true;
  if (type === ProgType.TRACING && expectedAttachType === AttachType.TRACE_ITER) return true;
  return env.cur.inSleepable;
}

function nameOf(arg: KfuncArg): string {
  return arg.target.name.slice('bpf_'.length);
}

function startIter(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta, kind: IterKind): void {
  const { index, regno, reg } = arg;
  if (!isIterUninit(env, reg, kind.slots)) {
    env.reject('EINVAL', `expected uninitialized ${nameOf(arg)} as arg #${index}`);
  }
  for (let off = 0; off < kind.slots * 8; off += 8) {
    const at = { insnIdx: env.insnIdx, regno, off, size: 8, write: true };
    checkMemAccess(env, { ...at, valueRegno: -1, strictOnce: false, signExtend: false });
  }
  makeIter(env, reg, kind, meta.has('RCU_PROTECTED'));
}

function useIter(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta, kind: IterKind): void {
  const { index, reg } = arg;
  const spi = findIter(env, reg, kind);
  if (spi === 'none') env.reject('EINVAL', `expected an initialized ${nameOf(arg)} as arg #${index}`);
  if (spi === 'rcu') env.reject('EPROTO', `expected an RCU CS when using ${meta.name}`);
  markObjectRead(env, reg, spi, kind.slots);
  meta.iter = { frameno: reg.frameno, spi };
  meta.refObjId = env.cur.frame[reg.frameno].spilled[spi].refObjId;
  if (meta.has('ITER_DESTROY')) destroyIter(env, reg, spi, kind.slots);
}
