import type { Btf, BtfFuncProto } from '@probed/btf';
import { BPF_F_SLEEPABLE, type StructOpsRow, type StructOpsWrites, structOpsRow } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { PTR_MAYBE_NULL, PTR_TRUSTED, RegBase } from '../state/reg-type';
import type { AttachTarget } from './btf-ctx';
import type { CtxValue } from './ctx-access';

/** The interface that a struct_ops program belongs to, once {@link structOpsTarget} found it in order. */
function rowOf(env: VerifierEnv): StructOpsRow {
  const name = env.spec.structOps?.type ?? '';
  return structOpsRow(name) ?? env.unsupported(`struct_ops ${name}`);
}

/** The member that a struct_ops program implements (`check_struct_ops_btf_id`). */
export function structOpsTarget(env: VerifierEnv): AttachTarget {
  const { btf } = env.facts;
  if (!env.gplCompatible) {
    env.reject('EINVAL', 'struct ops programs must have a GPL compatible license');
  }
  const wanted = env.spec.structOps;
  if (!wanted) env.reject('ENOTSUPP', 'struct ops programs must implement a member of a struct');
  const id = btf.findByName(wanted.type, 'struct');
  if (id === undefined || btf.findByName(`bpf_struct_ops_${wanted.type}`, 'struct') === undefined) {
    env.reject('ENOTSUPP', `attach_btf_id ${id ?? 0} is not a supported struct`);
  }
  const row = rowOf(env);
  const type = btf.type(id);
  const members = type.kind === 'struct' ? type.members : [];
  const index = members.findIndex((member) => member.name === wanted.member);
  if (index < 0) env.reject('EINVAL', `attach to invalid member idx ${index} of struct ${row.name}`);
  const proto = funcPointer(btf, members[index].typeId);
  if (!proto) {
    env.reject('EINVAL', `attach to invalid member ${wanted.member}(@idx ${index}) of struct ${row.name}`);
  }
  const sleepable = (env.spec.flags & BPF_F_SLEEPABLE) !== 0;
  const mustNotSleep = sleepable && row.sleepable && !row.sleepable.includes(wanted.member);
  if (!row.members.includes(wanted.member) || mustNotSleep) {
    env.reject(
      mustNotSleep ? 'EINVAL' : 'ENOTSUPP',
      `attach to unsupported member ${wanted.member} of struct ${row.name}`,
    );
  }
  return { name: wanted.member, proto, skip: 0, isTracepoint: false };
}

function funcPointer(btf: Btf, typeId: number): BtfFuncProto | undefined {
  const ptr = btf.resolve(typeId);
  const proto = ptr.kind === 'ptr' ? btf.resolve(ptr.typeId) : undefined;
  return proto?.kind === 'func_proto' ? proto : undefined;
}

/** Marks of arguments by the end of their names in the kernel's stub function (`prepare_arg_info`). */
const NULLABLE = /__nullable$/;
const REFERENCED = /__ref$/;

/** A pointer argument of a member: trusted; may be NULL where the kernel's stub says so. */
export function structOpsArg(env: VerifierEnv, index: number, structId: number): CtxValue {
  const { btf } = env.facts;
  const { type, member } = env.spec.structOps ?? { type: '', member: '' };
  const stub = btf.findByName(`${type}__${member}`, 'func');
  const func = stub === undefined ? undefined : btf.type(stub);
  const proto = func?.kind === 'func' ? btf.type(func.typeId) : undefined;
  const name = proto?.kind === 'func_proto' ? (proto.params[index]?.name ?? '') : '';
  if (REFERENCED.test(name)) env.unsupported(`referenced argument ${name} of struct_ops ${type}`);
  const flags = PTR_TRUSTED | (NULLABLE.test(name) ? PTR_MAYBE_NULL : 0);
  return { type: RegBase.PTR_TO_BTF_ID | flags, btfId: promoted(env, structId) };
}

function promoted(env: VerifierEnv, structId: number): number {
  const { btf } = env.facts;
  const { promotes } = rowOf(env);
  if (!promotes || btf.type(structId).name !== promotes.from) return structId;
  return btf.findByName(promotes.to, 'struct') ?? structId;
}

/** A store into a struct of the kernel by a member's program (`btf_struct_access`). */
export function checkStructOpsWrite(env: VerifierEnv, structId: number, off: number, size: number): void {
  const { btf } = env.facts;
  const { writes } = rowOf(env);
  if (btf.type(structId).name !== writes.struct) env.reject('EACCES', writes.otherwise);
  if (!writes.members) {
    if (off + size <= btf.sizeOf(structId)) return;
    env.reject('EACCES', `write access at off ${off} with size ${size}`);
  }
  const end = memberEnd(btf, writes, off);
  if (end === undefined) env.reject('EACCES', `no write support to ${writes.struct} at off ${off}`);
  if (off + size <= end) return;
  env.reject(
    'EACCES',
    `write access at off ${off} with size ${size} beyond the member of ${writes.struct} ended at ${end}`,
  );
}

/** Members whose middle may be written, too: arrays. */
function memberEnd(btf: Btf, { members = [] }: StructOpsWrites, off: number): number | undefined {
  for (const path of members) {
    const dot = path.indexOf('.');
    const id = btf.findByName(path.slice(0, dot), 'struct');
    const place = id === undefined ? undefined : btf.member(id, path.slice(dot + 1));
    if (!place) continue;
    const start = place.offsetBits >> 3;
    const bytes = place.bits > 0 ? 1 : btf.sizeOf(place.typeId);
    const isArray = btf.resolve(place.typeId).kind === 'array';
    if (isArray ? off >= start && off < start + bytes : off === start) return start + bytes;
  }
  return undefined;
}
