import { type HelperArg, programType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkSrc } from '../exec/reg-arg';
import { checkPtrAlignment } from '../memory/alignment';
import { dynptrSpi } from '../memory/dynptr-slots';
import { markChainPrecision } from '../pruning/precision';
import { isConst } from '../scalar';
import { flagBits } from '../state/arg-type';
import { isNullScalar, isPointerValue } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import {
  baseType,
  MEM_ALIGNED,
  MEM_FIXED_SIZE,
  MEM_RCU,
  MEM_UNINIT,
  MEM_WRITE,
  OBJ_RELEASE,
  PTR_MAYBE_NULL,
  RegBase,
  typeIsPktPointer,
} from '../state/reg-type';
import type { CallMeta } from './call-meta';
import { canElideNull, constantMapKey } from './const-key';
import { checkConstStr } from './const-str';
import { processDynptr } from './dynptr';
import { inRbtreeCallback } from './kfunc/graph-rules';
import { processKptr } from './kptr-arg';
import { resolveMapValueArg } from './map-value-arg';
import { checkHelperMemAccess, checkMemSizeReg } from './mem-arg';
import { checkArgOffset, checkRegType, type WantedArg } from './reg-type-check';
import { processSpinLock } from './spin-lock';
import { processTimer } from './timer';

/** Checks argument number `index` of a helper call (`check_func_arg`) and notes in `meta` what it tells. */
export function checkFuncArg(env: VerifierEnv, index: number, meta: CallMeta): void {
  const regno = index + 1;
  const declared = meta.proto.args[index];
  const reg = checkSrc(env, regno);
  if (declared.type === 'ANYTHING') {
    if (isPointerValue(env, reg)) env.reject('EACCES', `R${regno} leaks addr into helper function`);
    return;
  }
  if (typeIsPktPointer(baseType(reg.type)) && !packetAllowed(env, meta)) {
    env.reject('EACCES', 'helper access to the packet is not allowed');
  }
  const arg = declared.type === 'PTR_TO_MAP_VALUE' ? resolveMapValueArg(env, declared, meta) : declared;
  const flags = flagBits(arg);
  const isNull = isNullScalar(reg) && (flags & PTR_MAYBE_NULL) !== 0;
  if (!isNull) {
    checkRegType(env, regno, wantedArg(env, arg, flags, meta));
    // What is given back need not lie at the pointer itself: the dynptr only names it.
    const isDynptr = arg.type === 'PTR_TO_DYNPTR' && reg.type === RegBase.PTR_TO_STACK;
    checkArgOffset(env, regno, reg, isDynptr ? flags & ~OBJ_RELEASE : flags);
  }
  noteReferences(env, regno, reg, arg, flags, meta);
  CHECKS[arg.type]?.(env, regno, reg, arg, flags, meta);
}

function wantedArg(env: VerifierEnv, arg: HelperArg, flags: number, meta: CallMeta): WantedArg {
  const struct = arg.btf ?? (arg.type === 'PTR_TO_BTF_ID_SOCK_COMMON' ? 'sock_common' : undefined);
  const structId = struct === undefined ? 0 : (env.facts.btf.findByName(struct, 'struct') ?? 0);
  return { type: arg.type, flags, structId, func: meta.name, kptr: meta.kptr };
}

/** `may_access_direct_pkt_data` for a helper. */
function packetAllowed(env: VerifierEnv, meta: CallMeta): boolean {
  const row = programType(env.spec.type);
  if (!row || row.packet === 'none') return false;
  return meta.proto.pktAccess === true || row.name === 'cgroup_sockopt';
}

function noteReferences(
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  arg: HelperArg,
  flags: number,
  meta: CallMeta,
): void {
  if ((flags & OBJ_RELEASE) !== 0) {
    if (arg.type === 'PTR_TO_DYNPTR') checkDynptrRelease(env, regno, reg);
    else if (reg.refObjId === 0 && !isNullScalar(reg)) {
      env.reject('EINVAL', `R${regno} must be referenced when passed to release function`);
    }
    meta.releaseRegno = regno;
  }
  if (reg.refObjId === 0 || arg.type === 'KPTR_XCHG_DEST') return;
  if (meta.refObjId !== 0) {
    env.reject('EACCES', `more than one arg with ref_obj_id R${regno} ${reg.refObjId} ${meta.refObjId}`);
  }
  meta.refObjId = reg.refObjId;
}

/** Only a dynptr on the stack that holds a reference can be given back. */
function checkDynptrRelease(env: VerifierEnv, regno: number, reg: RegState): void {
  if (reg.type !== RegBase.PTR_TO_STACK) env.reject('EINVAL', 'cannot release unowned const bpf_dynptr');
  const spi = dynptrSpi(env, reg);
  if (typeof spi !== 'number' || env.cur.frame[reg.frameno].spilled[spi].refObjId === 0) {
    env.reject('EINVAL', `arg ${regno} is an unacquired reference`);
  }
}

type ArgCheck = (
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  arg: HelperArg,
  flags: number,
  meta: CallMeta,
) => void;

/** What each argument type needs besides its register's type. */
const CHECKS: Readonly<Partial<Record<HelperArg['type'], ArgCheck>>> = {
  CONST_MAP_PTR: checkMapPtr,
  PTR_TO_MAP_KEY: checkMapKey,
  PTR_TO_MAP_VALUE: checkMapValue,
  PTR_TO_MEM: checkMem,
  CONST_SIZE: (env, regno, _reg, _arg, _flags, meta) => checkSize(env, regno, false, meta),
  CONST_SIZE_OR_ZERO: (env, regno, _reg, _arg, _flags, meta) => checkSize(env, regno, true, meta),
  CONST_ALLOC_SIZE_OR_ZERO: checkAllocSize,
  PTR_TO_PERCPU_BTF_ID: (env, regno, reg, _arg, _flags, meta) => {
    if (reg.btfId === 0) env.reject('EACCES', `Helper has invalid btf_id in R${regno}`);
    meta.retBtfId = reg.btfId;
    meta.retIsLocal = reg.isLocalBtf;
    meta.ofCpuObject = (reg.type & MEM_RCU) !== 0;
  },
  PTR_TO_FUNC: (_env, _regno, reg, _arg, _flags, meta) => {
    meta.subprogno = reg.subprogno;
  },
  PTR_TO_SPIN_LOCK: checkSpinLock,
  PTR_TO_TIMER: (env, regno, _reg, _arg, _flags, meta) => processTimer(env, regno, meta),
  PTR_TO_DYNPTR: (env, regno, _reg, _arg, flags) => processDynptr(env, regno, flags),
  PTR_TO_CONST_STR: (env, regno) => checkConstStr(env, regno),
  KPTR_XCHG_DEST: (env, regno, _reg, _arg, _flags, meta) => processKptr(env, regno, meta),
};

function checkSpinLock(
  env: VerifierEnv,
  regno: number,
  _reg: RegState,
  _arg: HelperArg,
  _flags: number,
  meta: CallMeta,
): void {
  if (inRbtreeCallback(env)) env.reject('EACCES', "can't spin_{lock,unlock} in rbtree cb");
  processSpinLock(env, regno, { lock: meta.proto.name === 'spin_lock', resilient: false, irq: false });
}

function checkMapPtr(
  env: VerifierEnv,
  _regno: number,
  reg: RegState,
  _arg: HelperArg,
  _flags: number,
  meta: CallMeta,
): void {
  if (meta.map && (meta.map !== reg.map || meta.mapUid !== reg.mapUid)) {
    env.reject(
      'EINVAL',
      `timer pointer in R1 map_uid=${meta.mapUid} doesn't match map pointer in R2 map_uid=${reg.mapUid}`,
    );
  }
  meta.map = reg.map;
  meta.mapUid = reg.mapUid;
}

function checkMapKey(
  env: VerifierEnv,
  regno: number,
  _reg: RegState,
  _arg: HelperArg,
  _flags: number,
  meta: CallMeta,
): void {
  const { map } = meta;
  if (!map) throw new Error(`prototype of ${meta.name} has a key before its map`);
  checkHelperMemAccess(env, regno, map.keySize, false, false, undefined);
  if (canElideNull(map)) meta.constMapKey = constantMapKey(env, regno, map.keySize);
}

function checkMapValue(
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  _arg: HelperArg,
  flags: number,
  meta: CallMeta,
): void {
  if ((flags & PTR_MAYBE_NULL) !== 0 && isNullScalar(reg)) return;
  if (!meta.map) throw new Error(`prototype of ${meta.name} has a value before its map`);
  meta.rawMode = (flags & MEM_UNINIT) !== 0;
  checkHelperMemAccess(env, regno, meta.map.valueSize, (flags & MEM_WRITE) !== 0, false, meta);
}

function checkMem(
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  arg: HelperArg,
  flags: number,
  meta: CallMeta,
): void {
  meta.rawMode = (flags & MEM_UNINIT) !== 0;
  if ((flags & MEM_FIXED_SIZE) === 0) return;
  const size = arg.size ?? 0;
  checkHelperMemAccess(env, regno, size, (flags & MEM_WRITE) !== 0, false, meta);
  if ((flags & MEM_ALIGNED) !== 0) checkPtrAlignment(env, reg, 0, size, true);
}

function checkSize(env: VerifierEnv, regno: number, zeroOk: boolean, meta: CallMeta): void {
  const memory = meta.proto.args[regno - 2];
  checkMemSizeReg(env, regno, (flagBits(memory) & MEM_WRITE) !== 0, zeroOk, meta);
}

function checkAllocSize(
  env: VerifierEnv,
  regno: number,
  reg: RegState,
  _arg: HelperArg,
  _flags: number,
  meta: CallMeta,
): void {
  if (!isConst(reg.v)) env.reject('EACCES', `R${regno} is not a known constant'`);
  meta.memSize = Number(BigInt.asUintN(32, reg.v.value));
  markChainPrecision(env, regno);
}
