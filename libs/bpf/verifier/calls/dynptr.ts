import type { VerifierEnv } from '../env';
import { checkMemAccess } from '../memory/access';
import { DYNPTR_SLOTS, dynptrReg, dynptrSpi, isDynptrInit, makeDynptr } from '../memory/dynptr-slots';
import { markObjectRead } from '../memory/stack-object';
import { DYNPTR_STR } from '../state/dynptr-names';
import { DynptrType, type RegState } from '../state/reg-state';
import {
  DYNPTR_TYPE_LOCAL,
  DYNPTR_TYPE_RINGBUF,
  DYNPTR_TYPE_SKB,
  DYNPTR_TYPE_SKB_META,
  DYNPTR_TYPE_XDP,
  MEM_RDONLY,
  MEM_UNINIT,
  RegBase,
} from '../state/reg-type';

const TYPE_OF_FLAG: readonly (readonly [flag: number, type: DynptrType])[] = [
  [DYNPTR_TYPE_LOCAL, DynptrType.LOCAL],
  [DYNPTR_TYPE_RINGBUF, DynptrType.RINGBUF],
  [DYNPTR_TYPE_SKB, DynptrType.SKB],
  [DYNPTR_TYPE_XDP, DynptrType.XDP],
  [DYNPTR_TYPE_SKB_META, DynptrType.SKB_META],
];

/** `arg_to_dynptr_type`. */
function typeOfFlags(flags: number): DynptrType {
  return TYPE_OF_FLAG.find(([flag]) => (flags & flag) !== 0)?.[1] ?? DynptrType.INVALID;
}

/** `get_dynptr_type_flag`. */
export function flagOfType(type: DynptrType): number {
  return TYPE_OF_FLAG.find(([, t]) => t === type)?.[0] ?? 0;
}

/**
 * A dynptr argument (`process_dynptr_func`).
 * @param flags MEM_UNINIT: the call makes it; MEM_RDONLY: the call leaves it as it is; its type where one is wanted
 * @param cloneOf reference that a clone shares with its original
 */
export function processDynptr(env: VerifierEnv, regno: number, flags: number, cloneOf = 0): void {
  const reg = env.curRegs[regno];
  const index = regno - 1;
  if (reg.type !== RegBase.PTR_TO_STACK && reg.type !== RegBase.CONST_PTR_TO_DYNPTR) {
    env.reject('EINVAL', `arg#${index} expected pointer to stack or const struct bpf_dynptr`);
  }
  if ((flags & MEM_UNINIT) !== 0) {
    checkUninit(env, regno, reg);
    makeDynptr(env, reg, typeOfFlags(flags), cloneOf);
    return;
  }
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR && (flags & MEM_RDONLY) === 0) {
    env.reject('EINVAL', 'cannot pass pointer to const bpf_dynptr, the helper mutates it');
  }
  if (!isDynptrInit(env, reg)) {
    env.reject('EINVAL', `Expected an initialized dynptr as arg #${index}`);
  }
  const wanted = typeOfFlags(flags);
  if (wanted !== DynptrType.INVALID && dynptrReg(env, reg).dynptrType !== wanted) {
    env.reject('EINVAL', `Expected a dynptr of type ${DYNPTR_STR[wanted]} as arg #${index}`);
  }
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR) return;
  const spi = dynptrSpi(env, reg);
  if (typeof spi === 'number') markObjectRead(env, reg, spi, DYNPTR_SLOTS);
}

/** The place of a dynptr that is yet to be made may be written. */
function checkUninit(env: VerifierEnv, regno: number, reg: RegState): void {
  if (reg.type === RegBase.CONST_PTR_TO_DYNPTR || dynptrSpi(env, reg) === 'bad') {
    env.reject('EINVAL', 'Dynptr has to be an uninitialized dynptr');
  }
  for (let off = 0; off < DYNPTR_SLOTS * 8; off += 8) {
    const at = { insnIdx: env.insnIdx, regno, off, size: 8, write: true };
    checkMemAccess(env, { ...at, valueRegno: -1, strictOnce: false, signExtend: false });
  }
}
