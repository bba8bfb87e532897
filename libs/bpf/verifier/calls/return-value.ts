import { MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { mapHasSpinLock } from '../records/of-register';
import { withBounds } from '../scalar';
import { flagBits } from '../state/arg-type';
import { acquireReference } from '../state/references';
import { markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { MEM_ALLOC, MEM_PERCPU, MEM_RCU, MEM_RDONLY, PTR_MAYBE_NULL, RegBase } from '../state/reg-type';
import type { CallMeta } from './call-meta';
import { canElideNull } from './const-key';

/** Helpers whose result is a reference to give back (`is_acquire_function`). */
const ACQUIRES: ReadonlySet<string> = new Set([
  'sk_lookup_tcp',
  'sk_lookup_udp',
  'skc_lookup_tcp',
  'ringbuf_reserve',
  'kptr_xchg',
]);

/** Helpers that turn one pointer to an object into another (`is_ptr_cast_function`). */
const CASTS: ReadonlySet<string> = new Set([
  'tcp_sock',
  'sk_fullsock',
  'skc_to_tcp_sock',
  'skc_to_tcp6_sock',
  'skc_to_udp6_sock',
  'skc_to_mptcp_sock',
  'skc_to_tcp_timewait_sock',
  'skc_to_tcp_request_sock',
]);

/** Helpers whose result is bounded by the size passed to them. */
const SIZE_BOUNDED: ReadonlySet<string> = new Set([
  'get_stack',
  'get_task_stack',
  'probe_read_str',
  'probe_read_kernel_str',
  'probe_read_user_str',
]);
const MAX_ERRNO = 4095;

/** R0 after a helper call. */
export function setReturnValue(env: VerifierEnv, meta: CallMeta): void {
  const { ret, name } = meta.proto;
  const r0 = env.curRegs[0];
  const flags = flagBits(ret);
  switch (ret.type) {
    case 'INTEGER':
      markRegUnknown(env, r0);
      refineInteger(env, meta, r0);
      return;
    case 'VOID':
      return;
    case 'PTR_TO_MAP_VALUE':
      mapValue(env, meta, r0, flags);
      break;
    case 'PTR_TO_SOCKET':
      r0.markPointer(RegBase.PTR_TO_SOCKET | flags);
      break;
    case 'PTR_TO_SOCK_COMMON':
      r0.markPointer(RegBase.PTR_TO_SOCK_COMMON | flags);
      break;
    case 'PTR_TO_TCP_SOCK':
      r0.markPointer(RegBase.PTR_TO_TCP_SOCK | flags);
      break;
    case 'PTR_TO_MEM':
      r0.markPointer(RegBase.PTR_TO_MEM | flags);
      r0.memSize = meta.memSize;
      break;
    case 'PTR_TO_MEM_OR_BTF_ID':
      perCpuVariable(env, meta, r0, flags);
      break;
    case 'PTR_TO_BTF_ID':
      btfPointer(env, meta, r0, flags);
      break;
  }
  if ((r0.type & PTR_MAYBE_NULL) !== 0) r0.id = env.nextId();
  if (name === 'dynptr_data') r0.dynptrId = meta.dynptrId;
  if (CASTS.has(name) || name === 'dynptr_data') r0.refObjId = meta.refObjId;
  else if (acquires(meta)) {
    const id = acquireReference(env, env.insnIdx);
    r0.id = id;
    r0.refObjId = id;
  }
}

function acquires(meta: CallMeta): boolean {
  const { name } = meta.proto;
  const type = meta.map?.type;
  return (
    ACQUIRES.has(name) ||
    (name === 'map_lookup_elem' && (type === MapType.SOCKMAP || type === MapType.SOCKHASH))
  );
}

function mapValue(env: VerifierEnv, meta: CallMeta, r0: RegState, declared: number): void {
  const { map } = meta;
  if (!map) throw new Error(`${meta.name} returns a map value without a map argument`);
  let flags = declared;
  const inRange = meta.constMapKey >= 0n && meta.constMapKey < BigInt(map.maxEntries);
  if (meta.proto.name === 'map_lookup_elem' && canElideNull(map) && inRange) flags &= ~PTR_MAYBE_NULL;
  r0.markPointer(RegBase.PTR_TO_MAP_VALUE | flags);
  r0.map = map;
  r0.mapUid = meta.mapUid;
  if ((flags & PTR_MAYBE_NULL) === 0 && mapHasSpinLock(env, map)) r0.id = env.nextId();
}

function btfPointer(env: VerifierEnv, meta: CallMeta, r0: RegState, flags: number): void {
  const { kptr } = meta;
  if (!kptr) {
    if (!meta.proto.ret.btf) throw new Error(`prototype of ${meta.name} does not say what it returns`);
    r0.markPointer(RegBase.PTR_TO_BTF_ID | flags);
    r0.btfId = env.facts.btf.findByName(meta.proto.ret.btf, 'struct') ?? 0;
    return;
  }
  const isPerCpu = kptr.isLocal && kptr.kind === 'KPTR_PERCPU';
  const own = kptr.isLocal ? MEM_ALLOC | (isPerCpu ? MEM_PERCPU : 0) : 0;
  r0.markPointer(RegBase.PTR_TO_BTF_ID | flags | own);
  r0.btfId = kptr.targetId;
  r0.isLocalBtf = kptr.isLocal;
}

function perCpuVariable(env: VerifierEnv, meta: CallMeta, r0: RegState, flags: number): void {
  const btf = meta.retIsLocal ? env.options.objectBtf : env.facts.btf;
  if (!btf) throw new Error('a pointer to a type of the program, which has no BTF');
  const type = btf.resolve(meta.retBtfId);
  if (type.kind === 'struct' || type.kind === 'union') {
    const trust = meta.ofCpuObject ? MEM_ALLOC | MEM_RCU : flags & ~MEM_RDONLY;
    r0.markPointer(RegBase.PTR_TO_BTF_ID | trust);
    r0.btfId = type.id;
    r0.isLocalBtf = meta.retIsLocal;
    return;
  }
  r0.markPointer(RegBase.PTR_TO_MEM | flags);
  r0.memSize = btf.sizeOf(type.id);
}

/** `do_refine_retval_range`. */
function refineInteger(env: VerifierEnv, meta: CallMeta, r0: RegState): void {
  if (SIZE_BOUNDED.has(meta.proto.name)) {
    const max = meta.msizeMax;
    r0.v = withBounds(r0.v, {
      smax: max,
      s32max: Number(BigInt.asIntN(32, max)),
      smin: BigInt(-MAX_ERRNO),
      s32min: -MAX_ERRNO,
    });
  } else if (meta.proto.name === 'get_smp_processor_id') {
    const max = env.facts.cpus - 1;
    const wide = BigInt(max);
    r0.v = withBounds(r0.v, {
      umin: 0n,
      umax: wide,
      smin: 0n,
      smax: wide,
      u32min: 0,
      u32max: max,
      s32min: 0,
      s32max: max,
    });
  }
}
