import type { BtfParam } from '@probed/btf';
import type { VerifierEnv } from '../../env';
import { isTrustedReg } from '../../exec/branch-taken';
import { markChainPrecision } from '../../pruning/precision';
import { isConst } from '../../scalar';
import { isNullScalar } from '../../state/reg-ops';
import type { RegState } from '../../state/reg-state';
import { MEM_RCU, OBJ_RELEASE, RegBase } from '../../state/reg-type';
import { btfKindStr, isScalarType } from '../btf-types';
import { checkArgOffset } from '../reg-type-check';
import { ARG_CHECKS } from './arg-checks';
import { kfuncArgKind } from './arg-kind';
import type { KfuncArg, KfuncArgKind, KfuncMeta } from './kfunc-meta';

/** Arguments that fit registers (MAX_BPF_FUNC_REG_ARGS). */
const MAX_ARGS = 5;

/** Checks what is passed against the function's prototype (`check_kfunc_args`). */
export function checkKfuncArgs(env: VerifierEnv, meta: KfuncMeta): void {
  const { params } = meta.desc.proto;
  if (params.length > MAX_ARGS) {
    env.reject('EINVAL', `Function ${meta.name} has ${params.length} > ${MAX_ARGS} args`);
  }
  for (let i = 0; i < params.length; i++) {
    // The size of a memory argument was looked at together with it.
    if (checkArg(env, meta, i, params[i]) === 'mem-size') i++;
  }
  if (meta.isRelease && meta.releaseRegno === 0) {
    env.reject('EINVAL', `release kernel function ${meta.name} expects refcounted PTR_TO_BTF_ID`);
  }
}

function checkArg(
  env: VerifierEnv,
  meta: KfuncMeta,
  index: number,
  param: BtfParam,
): KfuncArgKind | undefined {
  if (param.name.endsWith('__ign') || param.name.endsWith('__prog')) return undefined;
  const { btf } = env.facts;
  const type = btf.resolve(param.typeId);
  const regno = index + 1;
  if (isScalarType(type)) {
    checkScalarArg(env, meta, regno, param);
    return undefined;
  }
  if (type.kind !== 'ptr') env.reject('EINVAL', `Unrecognized arg#${index} type ${btfKindStr(type)}`);
  const reg = env.curRegs[regno];
  const nullish = isNullScalar(reg) || reg.mayBeNull;
  if ((meta.wantsTrusted || meta.has('RCU')) && nullish && !param.name.endsWith('__nullable')) {
    env.reject('EACCES', `Possibly NULL pointer passed to trusted arg${index}`);
  }
  if (reg.refObjId !== 0) {
    meta.refObjId = reg.refObjId;
    if (meta.isRelease) meta.releaseRegno = regno;
  }
  const targetId = btf.skipModifiers(type.typeId);
  const target = btf.type(targetId);
  const kind = kfuncArgKind(env, meta, index, target);
  if (kind === 'null') return kind;
  const arg: KfuncArg = { index, regno, reg, param, kind, target, targetId };
  checkTrust(env, meta, arg);
  checkArgOffset(env, regno, reg, meta.isRelease && reg.refObjId !== 0 ? OBJ_RELEASE : 0);
  ARG_CHECKS[kind](env, arg, meta);
  return kind;
}

/** Kernel objects must be valid for sure, or under RCU, where the function says so. */
function checkTrust(env: VerifierEnv, meta: KfuncMeta, { kind, regno, reg }: KfuncArg): void {
  if (kind === 'map') noteMap(env, meta, regno);
  if (kind !== 'map' && kind !== 'alloc-btf-id' && kind !== 'btf-id') return;
  if ((!meta.wantsTrusted && !meta.has('RCU')) || isTrustedReg(reg)) return;
  if (!meta.has('RCU')) env.reject('EINVAL', `R${regno} must be referenced or trusted`);
  if ((reg.type & MEM_RCU) === 0) env.reject('EINVAL', `R${regno} must be a rcu pointer`);
}

/** What other pointers point to lies where the kernel keeps the map; their types are looked at later. */
function looksLikeMap(reg: RegState): boolean {
  return reg.btfId !== 0 || reg.memSize !== 0 || reg.range !== 0 || reg.dynptrType !== 0;
}

function noteMap(env: VerifierEnv, meta: KfuncMeta, regno: number): void {
  const reg = env.curRegs[regno];
  if (!reg.map && !looksLikeMap(reg)) env.reject('EINVAL', `pointer in R${regno} isn't map pointer`);
  if (meta.map && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
    const ofTask = meta.name.startsWith('bpf_task_work');
    const [what, first, second] = ofTask ? ['bpf_task_work', 2, 3] : ['workqueue', 1, 2];
    env.reject(
      'EINVAL',
      `${what} pointer in R${first} map_uid=${meta.mapUid} doesn't match map pointer in R${second} map_uid=${reg.mapUid}`,
    );
  }
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

function checkScalarArg(env: VerifierEnv, meta: KfuncMeta, regno: number, { name }: BtfParam): void {
  const reg = env.curRegs[regno];
  if (reg.type !== RegBase.SCALAR_VALUE) env.reject('EINVAL', `R${regno} is not a scalar`);
  const sizesResult = name === 'rdonly_buf_size' || name === 'rdwr_buf_size';
  if (name.endsWith('__k')) {
    if (!isConst(reg.v)) env.reject('EINVAL', `R${regno} must be a known constant`);
    markChainPrecision(env, regno);
    meta.constant = reg.v.value;
  } else if (sizesResult) {
    if (name === 'rdonly_buf_size') meta.r0Rdonly = true;
    if (!isConst(reg.v)) env.reject('EINVAL', `R${regno} is not a const`);
    meta.r0Size = Number(reg.v.value);
    markChainPrecision(env, regno);
  }
}
