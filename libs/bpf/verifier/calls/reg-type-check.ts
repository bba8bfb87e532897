import type { ArgBase } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkKptrType } from '../memory/kptr-access';
import { checkPtrOffReg } from '../memory/region';
import { regStructContains } from '../memory/struct-ids';
import type { RecordField } from '../records/btf-record';
import { structName } from '../records/of-register';
import type { RegState } from '../state/reg-state';
import {
  baseType,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  MEM_RDONLY,
  MEM_RINGBUF,
  NON_OWN_REF,
  OBJ_RELEASE,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  RegBase,
  regTypeStr,
} from '../state/reg-type';
import { COMPATIBLE_REG_TYPES, isMemArg } from './reg-types';

/** What an argument must be. */
export interface WantedArg {
  readonly type: ArgBase;
  readonly flags: number;
  /** Struct of the kernel that a BTF pointer must point to, 0 for none. */
  readonly structId: number;
  /** Name of the helper; empty for a global function. */
  readonly func: string;
  /** bpf_kptr_xchg: the field that the pointer goes to. */
  readonly kptr?: RecordField;
}

/** Whether a register has a type that an argument takes (`check_reg_type`). */
export function checkRegType(env: VerifierEnv, regno: number, wanted: WantedArg): void {
  const reg = env.curRegs[regno];
  const { flags } = wanted;
  const expected = COMPATIBLE_REG_TYPES[wanted.type];
  let { type } = reg;
  if ((flags & MEM_RDONLY) !== 0) type &= ~MEM_RDONLY;
  if ((flags & PTR_MAYBE_NULL) !== 0) type &= ~PTR_MAYBE_NULL;
  if (wanted.kptr && (type & MEM_ALLOC) !== 0 && regno === 2) type &= ~(MEM_ALLOC | MEM_PERCPU);
  if (!expected.includes(type)) {
    const names = expected.map(regTypeStr).join(', ');
    env.reject('EACCES', `R${regno} type=${regTypeStr(reg.type)} expected=${names}`);
  }
  if (baseType(reg.type) !== RegBase.PTR_TO_BTF_ID) return;
  if (!isMemArg(wanted.type)) {
    checkStruct(env, regno, reg, wanted);
  } else if ((flags & MEM_RDONLY) === 0) {
    env.reject(
      'EACCES',
      `${wanted.func}() may write into memory pointed by R${regno} type=${regTypeStr(reg.type)}`,
    );
  }
}

const OBJECT = RegBase.PTR_TO_BTF_ID;

/** Pointers to objects of the kernel, which have a struct that is looked at. */
const KERNEL_OBJECTS: ReadonlySet<number> = new Set([
  OBJECT,
  OBJECT | PTR_TRUSTED,
  OBJECT | PTR_TRUSTED | PTR_MAYBE_NULL,
  OBJECT | MEM_RCU,
  OBJECT | PTR_MAYBE_NULL,
  OBJECT | PTR_MAYBE_NULL | MEM_RCU,
]);
const OWN_OBJECTS: ReadonlySet<number> = new Set([OBJECT | MEM_ALLOC, OBJECT | MEM_ALLOC | MEM_PERCPU]);
const PER_CPU: ReadonlySet<number> = new Set([
  OBJECT | MEM_PERCPU,
  OBJECT | MEM_PERCPU | MEM_RCU,
  OBJECT | MEM_PERCPU | PTR_TRUSTED,
]);

/** A pointer to a kernel object of the right struct, or of one that begins with it. */
function checkStruct(env: VerifierEnv, regno: number, reg: RegState, wanted: WantedArg): void {
  if (PER_CPU.has(reg.type)) return;
  if (OWN_OBJECTS.has(reg.type)) {
    if (wanted.kptr && regno === 2) checkKptrType(env, wanted.kptr, reg, regno);
    return;
  }
  if (!KERNEL_OBJECTS.has(reg.type)) {
    env.reject('EFAULT', 'verifier bug: invalid PTR_TO_BTF_ID register for type match');
  }
  const isRelease = (wanted.flags & OBJ_RELEASE) !== 0;
  if ((reg.type & PTR_MAYBE_NULL) !== 0 && ((wanted.flags & PTR_MAYBE_NULL) === 0 || isRelease)) {
    env.reject('EACCES', `Possibly NULL pointer passed to helper arg${regno}`);
  }
  if (wanted.kptr) {
    checkKptrType(env, wanted.kptr, reg, regno);
    return;
  }
  if (wanted.structId === 0) return;
  const isStrict = isRelease && wanted.func !== 'bpf_sk_release';
  if (regStructContains(env, reg, wanted.structId, false, isStrict)) return;
  const expected = env.btfTypeName(wanted.structId);
  env.reject('EACCES', `R${regno} is of type ${structName(env, reg)} but ${expected} is expected`);
}

const R = RegBase;

/** Types that may be passed with any offset. */
const ANY_OFFSET: ReadonlySet<number> = new Set([
  R.PTR_TO_STACK,
  R.PTR_TO_PACKET,
  R.PTR_TO_PACKET_META,
  R.PTR_TO_MAP_KEY,
  R.PTR_TO_MAP_VALUE,
  R.PTR_TO_MEM,
  R.PTR_TO_MEM | MEM_RDONLY,
  R.PTR_TO_MEM | MEM_RINGBUF,
  R.PTR_TO_BUF,
  R.PTR_TO_BUF | MEM_RDONLY,
  R.PTR_TO_ARENA,
  R.SCALAR_VALUE,
]);

/** Types that may be passed with a fixed offset. */
const FIXED_OFFSET: ReadonlySet<number> = new Set([
  R.PTR_TO_BTF_ID,
  R.PTR_TO_BTF_ID | MEM_ALLOC,
  R.PTR_TO_BTF_ID | PTR_TRUSTED,
  R.PTR_TO_BTF_ID | MEM_RCU,
  R.PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF,
  R.PTR_TO_BTF_ID | MEM_ALLOC | NON_OWN_REF | MEM_RCU,
]);

/** Offsets with which a pointer may be passed (`check_func_arg_reg_off`). */
export function checkArgOffset(env: VerifierEnv, regno: number, reg: RegState, flags: number): void {
  if ((flags & OBJ_RELEASE) !== 0) {
    if (reg.off !== 0) {
      env.reject(
        'EINVAL',
        `R${regno} must have zero offset when passed to release func or trusted arg to kfunc`,
      );
    }
    checkPtrOffReg(env, reg, regno);
    return;
  }
  if (!ANY_OFFSET.has(reg.type)) checkPtrOffReg(env, reg, regno, FIXED_OFFSET.has(reg.type));
}
