import { BPF_CLASS, BPF_MODE, insnClass, insnMode } from '@probed/isa';
import type { MapInfo } from '@probed/spec';
import type { VerifierEnv } from '../env';
import type { RecordField } from '../records/btf-record';
import { GRAPH_NODE, POINTER_FIELDS } from '../records/field-kinds';
import { structName, structRecord, typesOfMap } from '../records/of-register';
import { isNullScalar } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import {
  baseType,
  MEM_ALLOC,
  MEM_PERCPU,
  MEM_RCU,
  NON_OWN_REF,
  PTR_MAYBE_NULL,
  PTR_TRUSTED,
  PTR_UNTRUSTED,
  RegBase,
  regTypeStr,
  typeFlags,
} from '../state/reg-type';
import type { MemAccess } from './access';
import { ptrOffComplaint } from './region';
import { regStructContains } from './struct-ids';

/** The pointer field at an offset of a map's value. */
export function kptrAt(env: VerifierEnv, map: MapInfo, offset: number): RecordField | undefined {
  return typesOfMap(env, map).record?.find(offset, POINTER_FIELDS);
}

/** A load or store of a pointer that a map keeps (`check_map_kptr_access`). */
export function checkKptrAccess(env: VerifierEnv, a: MemAccess, field: RecordField): void {
  const insn = env.insns[a.insnIdx];
  if (insnMode(insn) !== BPF_MODE.MEM) {
    env.reject('EACCES', 'kptr in map can only be accessed using BPF_MEM instruction mode');
  }
  const cls = insnClass(insn);
  const isLoad = cls === BPF_CLASS.LDX;
  if (!isLoad && (field.kind === 'KPTR_REF' || field.kind === 'KPTR_PERCPU')) {
    env.reject('EACCES', 'store to referenced kptr disallowed');
  }
  if (!isLoad && field.kind === 'UPTR') env.reject('EACCES', 'store to uptr disallowed');
  if (isLoad) {
    loadKptr(env, env.curRegs[a.valueRegno], field);
  } else if (cls === BPF_CLASS.STX) {
    const value = env.curRegs[a.valueRegno];
    if (!isNullScalar(value)) checkKptrType(env, field, value, a.valueRegno);
  } else if (insn.imm !== 0) {
    env.reject('EACCES', `BPF_ST imm must be 0 when storing to kptr at off=${field.offset}`);
  }
}

function loadKptr(env: VerifierEnv, dst: RegState, field: RecordField): void {
  if (field.kind === 'UPTR') {
    dst.markPointer(RegBase.PTR_TO_MEM | PTR_MAYBE_NULL);
    dst.memSize = env.options.objectBtf?.sizeOf(field.targetId) ?? 0;
  } else {
    dst.markPointer(RegBase.PTR_TO_BTF_ID | loadedFlags(env, field));
    dst.btfId = field.targetId;
    dst.isLocalBtf = field.isLocal;
  }
  dst.id = env.nextId();
}

/** Kernel structs that RCU keeps alive (`rcu_protected_types`). */
const RCU_PROTECTED: ReadonlySet<string> = new Set([
  'prog_test_ref_kfunc',
  'cgroup',
  'bpf_cpumask',
  'task_struct',
  'bpf_crypto_ctx',
]);

/** `btf_ld_kptr_type`: how far the loaded pointer may be trusted. */
function loadedFlags(env: VerifierEnv, field: RecordField): number {
  const isRcuSafe =
    field.kind === 'KPTR_PERCPU' ||
    (field.kind === 'KPTR_REF' && (field.isLocal || RCU_PROTECTED.has(env.btfTypeName(field.targetId))));
  if (!isRcuSafe || !env.inRcuCs) return PTR_MAYBE_NULL | PTR_UNTRUSTED;
  let flags = PTR_MAYBE_NULL | MEM_RCU;
  if (field.kind === 'KPTR_PERCPU') flags |= MEM_PERCPU;
  else if (field.isLocal) flags |= MEM_ALLOC;
  const record = field.isLocal ? structRecord(env, field.targetId) : undefined;
  return record?.hasAny(GRAPH_NODE) ? flags | NON_OWN_REF : flags;
}

/** `map_kptr_match_type`: the register may be stored in the field. */
export function checkKptrType(env: VerifierEnv, field: RecordField, reg: RegState, regno: number): void {
  const complaint = kptrTypeComplaint(env, field, reg, regno);
  if (complaint) env.reject('EACCES', complaint);
}

function kptrTypeComplaint(
  env: VerifierEnv,
  field: RecordField,
  reg: RegState,
  regno: number,
): string | undefined {
  const isObject = baseType(reg.type) === RegBase.PTR_TO_BTF_ID;
  const isAllowed = isObject && (typeFlags(reg.type) & ~storableFlags(field, reg)) === 0;
  if (isAllowed) {
    const offset = ptrOffComplaint(reg, regno, true);
    if (offset) return offset;
    if (regStructContains(env, reg, field.targetId, field.isLocal, field.kind !== 'KPTR_UNREF'))
      return undefined;
  }
  const type = isAllowed ? structName(env, reg) : '';
  const wanted = targetName(env, field);
  const untrusted =
    field.kind === 'KPTR_UNREF' ? ` or ${regTypeStr(RegBase.PTR_TO_BTF_ID | PTR_UNTRUSTED)}${wanted}` : '';
  const expected = `${regTypeStr(RegBase.PTR_TO_BTF_ID)}${wanted}${untrusted}`;
  return `invalid kptr access, R${regno} type=${regTypeStr(reg.type)}${type} expected=${expected}`;
}

function storableFlags(field: RecordField, reg: RegState): number {
  if (reg.isLocalBtf) return PTR_MAYBE_NULL | MEM_ALLOC | (field.kind === 'KPTR_PERCPU' ? MEM_PERCPU : 0);
  const flags = PTR_MAYBE_NULL | PTR_TRUSTED | MEM_RCU;
  return field.kind === 'KPTR_UNREF' ? flags | PTR_UNTRUSTED : flags;
}

function targetName(env: VerifierEnv, field: RecordField): string {
  const btf = field.isLocal ? env.options.objectBtf : env.facts.btf;
  return btf?.has(field.targetId) ? btf.type(field.targetId).name : '';
}
