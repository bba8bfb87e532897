import { programType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { coerceRegToSize, coerceRegToSizeSx, isConst, scalarConst } from '../scalar';
import { isPointerValue, markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { baseType, MEM_RDONLY, PTR_UNTRUSTED, RegBase, regTypeStr, typeMayBeNull } from '../state/reg-type';
import { checkPtrAlignment } from './alignment';
import { checkPtrToBtfAccess, checkPtrToMapAccess } from './btf-access';
import { checkBufferAccess } from './buffer-access';
import { checkCtxAccess } from './ctx-access';
import { checkKptrAccess, kptrAt } from './kptr-access';
import {
  checkMapAccess,
  checkMapAccessType,
  checkMemRegionAccess,
  checkPacketAccess,
  frozenContents,
  readFrozen,
} from './region';
import { checkSockAccess } from './sock-access';
import { checkStackBounds, checkStackRead, checkStackWrite } from './stack-access';

/** One access of `size` bytes at register `regno` + `off`. */
export interface MemAccess {
  readonly insnIdx: number;
  readonly regno: number;
  /** Offset of the instruction; the pointer's own fixed offset is added by {@link checkMemAccess}. */
  readonly off: number;
  readonly size: number;
  readonly write: boolean;
  /** Register stored from or loaded into; -1 for an immediate, or when a helper does the access. */
  readonly valueRegno: number;
  readonly strictOnce: boolean;
  readonly signExtend: boolean;
}

type AccessCheck = (env: VerifierEnv, a: MemAccess, reg: RegState, off: number) => void;

/** Whether a load or a store through a register is safe, and what the loaded register holds (`check_mem_access`). */
export function checkMemAccess(env: VerifierEnv, a: MemAccess): void {
  const reg = env.curRegs[a.regno];
  checkPtrAlignment(env, reg, a.off, a.size, a.strictOnce);
  const check = checkOf(reg);
  if (!check) env.reject('EACCES', `R${a.regno} invalid mem access '${regTypeStr(reg.type)}'`);
  check(env, a, reg, a.off + reg.off);
  if (a.write || a.valueRegno < 0 || a.size === 8) return;
  const value = env.curRegs[a.valueRegno];
  if (value.type !== RegBase.SCALAR_VALUE) return;
  value.v = a.signExtend ? coerceRegToSizeSx(value.v, a.size) : coerceRegToSize(value.v, a.size);
}

/** By base type; those in {@link PLAIN} only without flags, the others when they can't be NULL. */
const CHECKS: Readonly<Partial<Record<RegBase, AccessCheck>>> = {
  [RegBase.PTR_TO_MAP_KEY]: accessMapKey,
  [RegBase.PTR_TO_MAP_VALUE]: accessMapValue,
  [RegBase.PTR_TO_MEM]: accessMem,
  [RegBase.PTR_TO_CTX]: accessCtx,
  [RegBase.PTR_TO_STACK]: accessStack,
  [RegBase.PTR_TO_PACKET]: accessPacket,
  [RegBase.PTR_TO_PACKET_META]: accessPacket,
  [RegBase.PTR_TO_FLOW_KEYS]: accessFlowKeys,
  [RegBase.PTR_TO_SOCKET]: accessSock,
  [RegBase.PTR_TO_SOCK_COMMON]: accessSock,
  [RegBase.PTR_TO_TCP_SOCK]: accessSock,
  [RegBase.PTR_TO_XDP_SOCK]: accessSock,
  [RegBase.PTR_TO_TP_BUFFER]: accessTpBuffer,
  [RegBase.PTR_TO_BTF_ID]: accessBtf,
  [RegBase.CONST_PTR_TO_MAP]: accessMapPtr,
  [RegBase.PTR_TO_BUF]: accessBuf,
  [RegBase.PTR_TO_ARENA]: accessArena,
};

const FLAGGED: ReadonlySet<RegBase> = new Set([
  RegBase.PTR_TO_MEM,
  RegBase.PTR_TO_BTF_ID,
  RegBase.PTR_TO_BUF,
]);

function checkOf(reg: RegState): AccessCheck | undefined {
  const base = baseType(reg.type);
  if (FLAGGED.has(base)) return typeMayBeNull(reg.type) ? undefined : CHECKS[base];
  return reg.type === base ? CHECKS[base] : undefined;
}

/** A store must not put a kernel address where others can read it. */
function checkLeak(env: VerifierEnv, a: MemAccess, where: string): void {
  if (!a.write || a.valueRegno < 0 || !isPointerValue(env, env.curRegs[a.valueRegno])) return;
  env.reject('EACCES', `R${a.valueRegno} leaks addr into ${where}`);
}

function loadUnknown(env: VerifierEnv, a: MemAccess): void {
  if (!a.write && a.valueRegno >= 0) markRegUnknown(env, env.curRegs[a.valueRegno]);
}

function accessMapKey(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  if (a.write) env.reject('EACCES', `write to change key R${a.regno} not allowed`);
  checkMemRegionAccess(env, a.regno, off, a.size, reg.map?.keySize ?? 0, false);
  loadUnknown(env, a);
}

function accessMapValue(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  const { map } = reg;
  if (!map) throw new Error('a map value pointer without a map');
  checkLeak(env, a, 'map');
  checkMapAccessType(env, map, off, a.size, a.write);
  checkMapAccess(env, a.regno, off, a.size, false, false);
  const kptr = isConst(reg.v) ? kptrAt(env, map, off + Number(reg.v.value)) : undefined;
  if (kptr) {
    checkKptrAccess(env, a, kptr);
    return;
  }
  const contents = isConst(reg.v) && !a.write && a.valueRegno >= 0 ? frozenContents(map) : undefined;
  if (!contents) {
    loadUnknown(env, a);
    return;
  }
  const at = off + Number(reg.v.smin);
  env.curRegs[a.valueRegno].markScalar(scalarConst(readFrozen(contents, at, a.size, a.signExtend)));
}

function accessMem(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  const readOnly = (reg.type & MEM_RDONLY) !== 0;
  if (a.write && readOnly) env.reject('EACCES', `R${a.regno} cannot write into ${regTypeStr(reg.type)}`);
  checkLeak(env, a, 'mem');
  const untrusted = readOnly && (reg.type & PTR_UNTRUSTED) !== 0;
  if (!untrusted) checkMemRegionAccess(env, a.regno, off, a.size, reg.memSize, false);
  loadUnknown(env, a);
}

function accessCtx(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  checkLeak(env, a, 'ctx');
  checkCtxAccess(env, a, reg, off);
}

function accessStack(env: VerifierEnv, a: MemAccess, _reg: RegState, off: number): void {
  checkStackBounds(env, a.regno, off, a.size, a.write);
  if (a.write) checkStackWrite(env, a.regno, off, a.size, a.valueRegno, a.insnIdx);
  else checkStackRead(env, a.regno, off, a.size, a.valueRegno);
}

function accessPacket(env: VerifierEnv, a: MemAccess, _reg: RegState, off: number): void {
  if (a.write && programType(env.spec.type)?.packet !== 'read-write') {
    env.reject('EACCES', 'cannot write into packet');
  }
  checkLeak(env, a, 'packet');
  checkPacketAccess(env, a.regno, off, a.size, false);
  loadUnknown(env, a);
}

/** Bytes of `struct bpf_flow_keys` (include/uapi/linux/bpf.h). */
const FLOW_KEYS_BYTES = 56;

function accessFlowKeys(env: VerifierEnv, a: MemAccess, _reg: RegState, off: number): void {
  checkLeak(env, a, 'flow keys');
  if (a.size <= 0 || off < 0 || off + a.size > FLOW_KEYS_BYTES) {
    env.reject('EACCES', `invalid access to flow keys off=${off} size=${a.size}`);
  }
  loadUnknown(env, a);
}

function accessSock(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  if (a.write) env.reject('EACCES', `R${a.regno} cannot write into ${regTypeStr(reg.type)}`);
  checkSockAccess(env, a.regno, off, a.size);
  loadUnknown(env, a);
}

function accessTpBuffer(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  checkBufferAccess(env, reg, a.regno, off, a.size, regTypeStr(reg.type));
  loadUnknown(env, a);
}

function accessBtf(env: VerifierEnv, a: MemAccess, _reg: RegState, off: number): void {
  checkPtrToBtfAccess(env, a.regno, off, a.size, a.write, a.valueRegno);
}

function accessMapPtr(env: VerifierEnv, a: MemAccess, _reg: RegState, off: number): void {
  checkPtrToMapAccess(env, a.regno, off, a.size, a.write, a.valueRegno);
}

function accessBuf(env: VerifierEnv, a: MemAccess, reg: RegState, off: number): void {
  const readOnly = (reg.type & MEM_RDONLY) !== 0;
  if (a.write && readOnly) env.reject('EACCES', `R${a.regno} cannot write into ${regTypeStr(reg.type)}`);
  checkBufferAccess(env, reg, a.regno, off, a.size, readOnly ? 'rdonly' : 'rdwr');
  loadUnknown(env, a);
}

/** Any address of the arena will do: what is not there reads as 0 (BPF_PROBE_MEM32). */
function accessArena(env: VerifierEnv, a: MemAccess): void {
  loadUnknown(env, a);
}
