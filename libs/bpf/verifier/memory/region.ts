import { type MapInfo, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { FIELD_KINDS, POINTER_FIELDS } from '../records/field-kinds';
import { typesOfMap } from '../records/of-register';
import { isConst, tnumString } from '../scalar';
import { isZero } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { RegBase, regTypeStr } from '../state/reg-type';

const S64_MIN = -0x8000_0000_0000_0000n;
const BPF_MAX_VAR_OFF = 1n << 29n;
const BPF_F_RDONLY_PROG = 1 << 7;
const BPF_F_WRONLY_PROG = 1 << 8;

/** `__check_mem_access`: the words for an access outside `[0, memSize)`; undefined when it lies inside. */
function outside(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroSizeAllowed: boolean,
): string | undefined {
  const sizeOk = size > 0 || (size === 0 && zeroSizeAllowed);
  if (off >= 0 && sizeOk && off + size <= memSize) return undefined;
  const reg = env.curRegs[regno];
  switch (reg.type as RegBase) {
    case RegBase.PTR_TO_MAP_KEY:
      return `invalid access to map key, key_size=${memSize} off=${off} size=${size}`;
    case RegBase.PTR_TO_MAP_VALUE:
      return `invalid access to map value, value_size=${memSize} off=${off} size=${size}`;
    case RegBase.PTR_TO_PACKET:
    case RegBase.PTR_TO_PACKET_META:
    case RegBase.PTR_TO_PACKET_END:
      return `invalid access to packet, off=${off} size=${size}, R${regno}(id=${reg.id},off=${off},r=${memSize})`;
    default:
      return `invalid access to memory, mem_size=${memSize} off=${off} size=${size}`;
  }
}

/** `check_mem_region_access`: the least and the greatest offset lie inside the region. */
export function checkMemRegionAccess(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  memSize: number,
  zeroSizeAllowed: boolean,
): void {
  const { smin, umax } = env.curRegs[regno].v;
  const least = BigInt(off) + smin;
  if (smin < 0n && (smin === S64_MIN || BigInt.asIntN(32, least) !== least || least < 0n)) {
    env.reject(
      'EACCES',
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  const low = outside(env, regno, int32(least), size, memSize, zeroSizeAllowed);
  if (low) {
    env.complain(low);
    env.reject('EACCES', `R${regno} min value is outside of the allowed memory range`);
  }
  if (umax >= BPF_MAX_VAR_OFF) {
    env.reject('EACCES', `R${regno} unbounded memory access, make sure to bounds check any such access`);
  }
  const high = outside(env, regno, int32(BigInt(off) + umax), size, memSize, zeroSizeAllowed);
  if (high) {
    env.complain(high);
    env.reject('EACCES', `R${regno} max value is outside of the allowed memory range`);
  }
}

function int32(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

/** `check_packet_access`. */
export function checkPacketAccess(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
): void {
  const reg = env.curRegs[regno];
  if (reg.v.smin < 0n) {
    env.reject(
      'EACCES',
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  if (reg.range < 0) env.reject('EINVAL', `R${regno} offset is outside of the packet`);
  const complaint = outside(env, regno, off, size, reg.range, zeroSizeAllowed);
  if (!complaint) return;
  env.complain(complaint);
  env.reject('EACCES', `R${regno} offset is outside of the packet`);
}

/** Maps that the kernel itself makes read-only for programs (kernel/bpf/devmap.c: dev_map_alloc). */
const READ_ONLY: ReadonlySet<number> = new Set([MapType.DEVMAP, MapType.DEVMAP_HASH]);

/** Programs may not write the map's values (`bpf_map_flags_to_cap`). */
export function isReadOnly(map: MapInfo): boolean {
  return (map.flags & BPF_F_RDONLY_PROG) !== 0 || READ_ONLY.has(map.type);
}

/** `check_map_access_type`: BPF_F_RDONLY_PROG and BPF_F_WRONLY_PROG. */
export function checkMapAccessType(
  env: VerifierEnv,
  map: MapInfo,
  off: number,
  size: number,
  write: boolean,
): void {
  const where = `value_size=${map.valueSize} off=${off} size=${size}`;
  if (write && isReadOnly(map)) env.reject('EACCES', `write into map forbidden, ${where}`);
  if (!write && (map.flags & BPF_F_WRONLY_PROG) !== 0)
    env.reject('EACCES', `read from map forbidden, ${where}`);
}

/** `check_map_access`: inside the value, and not on a field that only helpers may touch. */
export function checkMapAccess(
  env: VerifierEnv,
  regno: number,
  off: number,
  size: number,
  zeroSizeAllowed: boolean,
  byHelper: boolean,
): void {
  const reg = env.curRegs[regno];
  const map = reg.map as MapInfo;
  checkMemRegionAccess(env, regno, off, size, map.valueSize, zeroSizeAllowed);
  const from = Number(reg.v.smin) + off;
  const to = Number(reg.v.umax) + off + size;
  for (const field of typesOfMap(env, map).record?.fields ?? []) {
    if (from >= field.offset + field.size || field.offset >= to) continue;
    const { name } = FIELD_KINDS[field.kind];
    const refuse = (why: string): never => env.reject('EACCES', `${name} ${why}`);
    if (!POINTER_FIELDS.has(field.kind)) refuse('cannot be accessed directly by load/store');
    if (byHelper) refuse('cannot be accessed indirectly by helper');
    if (!isConst(reg.v)) refuse('access cannot have variable offset');
    const at = BigInt(off) + reg.v.value;
    if (BigInt(field.offset) !== at)
      refuse(`access misaligned expected=${field.offset} off=${BigInt.asUintN(64, at)}`);
    if (size !== POINTER_BYTES) refuse('access size must be BPF_DW');
  }
}

const POINTER_BYTES = 8;

/** `bpf_map_is_rdonly` for a map whose contents are at hand: what the loads from it give is known. */
export function frozenContents(map: MapInfo): Uint8Array | undefined {
  return map.frozen && (map.flags & BPF_F_RDONLY_PROG) !== 0 ? map.frozenContents : undefined;
}

/** `bpf_map_direct_read`. */
export function readFrozen(contents: Uint8Array, off: number, size: number, signExtend: boolean): bigint {
  let value = 0n;
  for (let i = size - 1; i >= 0; i--) value = (value << 8n) | BigInt(contents[off + i] ?? 0);
  return signExtend ? BigInt.asIntN(size * 8, value) : value;
}

/** `__check_ptr_off_reg`: the pointer has its original value, or with `fixedOffOk` a known distance to it. */
export function checkPtrOffReg(env: VerifierEnv, reg: RegState, regno: number, fixedOffOk = false): void {
  const complaint = ptrOffComplaint(reg, regno, fixedOffOk);
  if (complaint) env.reject('EACCES', complaint);
}

/** What is wrong with the offset of a pointer that must be at the start of its object, or at a known distance to it. */
export function ptrOffComplaint(reg: RegState, regno: number, fixedOffOk: boolean): string | undefined {
  const type = regTypeStr(reg.type);
  if (reg.off < 0) return `negative offset ${type} ptr R${regno} off=${reg.off} disallowed`;
  if (!fixedOffOk && reg.off !== 0) {
    return `dereference of modified ${type} ptr R${regno} off=${reg.off} disallowed`;
  }
  if (!isZero(reg.v)) return `variable ${type} access var_off=${tnumString(reg.v)} disallowed`;
  return undefined;
}
