import type { VerifierEnv } from '../../env';
import { RegBase, regTypeStr } from '../../state/reg-type';
import { checkConstStr } from '../const-str';
import { checkBtfIdArg, checkMapArg } from './btf-id-arg';
import { checkTaskWorkArg, checkWorkqueueArg } from './deferred';
import { checkDynptrKfuncArg } from './dynptr-arg';
import { checkListNodeArg, checkRootArg, checkTreeNodeArg } from './graph';
import { checkIrqFlagArg } from './irq-flag';
import { checkIterArg } from './iter-arg';
import type { KfuncArg, KfuncArgKind, KfuncMeta } from './kfunc-meta';
import { checkMemArg, checkMemSizeArg } from './mem-args';
import { checkAllocatedArg, checkRefcountedArg } from './objects';
import { checkResLockArg } from './res-locks';

/** Checks one pointer argument and notes in `meta` what it tells. */
export type KfuncArgCheck = (env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta) => void;

/** By kind. */
export const ARG_CHECKS: Readonly<Record<KfuncArgKind, KfuncArgCheck>> = {
  null: () => undefined,
  ctx: checkCtxArg,
  'btf-id': checkBtfIdArg,
  map: checkMapArg,
  mem: checkMemArg,
  'mem-size': checkMemSizeArg,
  callback: checkCallbackArg,
  'const-str': checkConstStrArg,
  dynptr: checkDynptrKfuncArg,
  iter: checkIterArg,
  'alloc-btf-id': checkAllocatedArg,
  'refcounted-kptr': checkRefcountedArg,
  'list-head': checkRootArg('LIST_HEAD'),
  'list-node': checkListNodeArg,
  'rb-root': checkRootArg('RB_ROOT'),
  'rb-node': checkTreeNodeArg,
  workqueue: checkWorkqueueArg,
  'task-work': checkTaskWorkArg,
  'irq-flag': checkIrqFlagArg,
  'res-spin-lock': checkResLockArg,
};

function checkCtxArg(env: VerifierEnv, { index, reg }: KfuncArg): void {
  if (reg.type === RegBase.PTR_TO_CTX) return;
  env.reject('EINVAL', `arg#${index} expected pointer to ctx, but got ${regTypeStr(reg.type)}`);
}

function checkCallbackArg(env: VerifierEnv, { index, reg }: KfuncArg, meta: KfuncMeta): void {
  if (reg.type !== RegBase.PTR_TO_FUNC) env.reject('EINVAL', `arg${index} expected pointer to func`);
  meta.subprogno = reg.subprogno;
}

function checkConstStrArg(env: VerifierEnv, { index, regno, reg }: KfuncArg): void {
  if (reg.type !== RegBase.PTR_TO_MAP_VALUE) {
    env.reject('EINVAL', `arg#${index} doesn't point to a const string`);
  }
  checkConstStr(env, regno);
}
