import { programType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkMemAccess } from '../memory/access';
import { checkPtrToBtfAccess } from '../memory/btf-access';
import { checkBufferAccess } from '../memory/buffer-access';
import {
  checkMapAccess,
  checkMapAccessType,
  checkMemRegionAccess,
  checkPacketAccess,
} from '../memory/region';
import { checkStackRangeInitialized, type RawAccess } from '../memory/stack-access';
import { markChainPrecision } from '../pruning/precision';
import { isConst } from '../scalar';
import { isNullScalar } from '../state/reg-ops';
import { baseType, MEM_RDONLY, RegBase, regTypeStr } from '../state/reg-type';

/** Largest size that a helper takes (BPF_MAX_VAR_SIZ). */
const BPF_MAX_VAR_SIZ = 1n << 29n;

/** A helper reads or writes `size` bytes at a register (`check_helper_mem_access`). */
export function checkHelperMemAccess(
  env: VerifierEnv,
  regno: number,
  size: number,
  write: boolean,
  zeroSizeAllowed: boolean,
  raw: RawAccess | undefined,
): void {
  const reg = env.curRegs[regno];
  const readOnly = (): never => env.reject('EACCES', `R${regno} cannot write into ${regTypeStr(reg.type)}`);
  switch (baseType(reg.type)) {
    case RegBase.PTR_TO_PACKET:
    case RegBase.PTR_TO_PACKET_META:
      checkPacketAccess(env, regno, reg.off, size, zeroSizeAllowed);
      return;
    case RegBase.PTR_TO_MAP_KEY:
      if (write) readOnly();
      checkMemRegionAccess(env, regno, reg.off, size, reg.map?.keySize ?? 0, false);
      return;
    case RegBase.PTR_TO_MAP_VALUE:
      if (reg.map) checkMapAccessType(env, reg.map, reg.off, size, write);
      checkMapAccess(env, regno, reg.off, size, zeroSizeAllowed, true);
      return;
    case RegBase.PTR_TO_MEM:
      if (write && (reg.type & MEM_RDONLY) !== 0) readOnly();
      checkMemRegionAccess(env, regno, reg.off, size, reg.memSize, zeroSizeAllowed);
      return;
    case RegBase.PTR_TO_BUF:
      if (write && (reg.type & MEM_RDONLY) !== 0) readOnly();
      checkBufferAccess(env, reg, regno, reg.off, size, (reg.type & MEM_RDONLY) !== 0 ? 'rdonly' : 'rdwr');
      return;
    case RegBase.PTR_TO_STACK:
      checkStackRangeInitialized(env, regno, reg.off, size, zeroSizeAllowed, write, raw);
      return;
    case RegBase.PTR_TO_BTF_ID:
      checkPtrToBtfAccess(env, regno, reg.off, size, false, -1);
      return;
    default:
      checkOther(env, regno, size, write, zeroSizeAllowed);
      return;
  }
}

/** Contexts that are plain memory, NULL with size 0, and what is no memory at all. */
function checkOther(env: VerifierEnv, regno: number, size: number, write: boolean, zeroOk: boolean): void {
  const reg = env.curRegs[regno];
  if (reg.type === RegBase.PTR_TO_CTX && contextIsMemory(env)) {
    if (size === 0 && zeroOk) return;
    if (size === 0) env.fail('EACCES');
    const at = { insnIdx: env.insnIdx, regno, off: size - 1, size: 1, write };
    checkMemAccess(env, { ...at, valueRegno: -1, strictOnce: false, signExtend: false });
    return;
  }
  if (zeroOk && size === 0 && isNullScalar(reg)) return;
  env.reject('EACCES', `R${regno} type=${regTypeStr(reg.type)} expected=${regTypeStr(RegBase.PTR_TO_STACK)}`);
}

const PLAIN_CONTEXTS: ReadonlySet<string> = new Set([
  'kprobe',
  'tracepoint',
  'raw_tracepoint',
  'raw_tracepoint_writable',
  'tracing',
  'lsm',
  'syscall',
]);

/** Whether the kernel hands the context over unchanged (`!env->ops->convert_ctx_access`). */
function contextIsMemory(env: VerifierEnv): boolean {
  return PLAIN_CONTEXTS.has(programType(env.spec.type)?.name ?? '');
}

/** Notes of a memory and size pair. */
export interface SizedAccess extends RawAccess {
  /** Largest size passed, for the bounds of the result. */
  msizeMax: bigint;
}

/** The size of the memory that the argument before it points to (`check_mem_size_reg`). */
export function checkMemSizeReg(
  env: VerifierEnv,
  regno: number,
  write: boolean,
  zeroSizeAllowed: boolean,
  meta: SizedAccess,
): void {
  const { v } = env.curRegs[regno];
  meta.msizeMax = v.umax;
  if (v.smin < 0n) {
    env.reject('EACCES', `R${regno} min value is negative, either use unsigned or 'var &= const'`);
  }
  if (v.umin === 0n && !zeroSizeAllowed) {
    env.reject('EACCES', `R${regno} invalid zero-sized read: u64=[${v.umin},${v.umax}]`);
  }
  if (v.umax >= BPF_MAX_VAR_SIZ) {
    env.reject('EACCES', `R${regno} unbounded memory access, use 'var &= const' or 'if (var < const)'`);
  }
  const raw = isConst(v) ? meta : undefined;
  checkHelperMemAccess(env, regno - 1, Number(v.umax), write, zeroSizeAllowed, raw);
  markChainPrecision(env, regno);
}
