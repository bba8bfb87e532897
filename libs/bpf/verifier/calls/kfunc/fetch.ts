import { BPF_PSEUDO_CALLEE } from '@probed/isa';
import { kfuncByName, kfuncFor } from '@probed/spec';
import type { VerifierEnv } from '../../env';
import type { KfuncDesc } from './kfunc-meta';

/** FUNC id in the kernel's BTF of the function that a call names; 0 for none. */
export function kfuncId(env: VerifierEnv, slot: number): number {
  const ref = env.spec.refs.get(slot);
  if (ref?.kind === 'kfunc') return env.facts.btf.findByName(ref.name, 'func') ?? 0;
  return env.insns[slot].imm;
}

/** Name of the function that a call names, where there is one; the number 0 has an empty name. */
export function kfuncName(env: VerifierEnv, slot: number): string | undefined {
  const ref = env.spec.refs.get(slot);
  if (ref?.kind === 'kfunc') return ref.name;
  const { src, imm } = env.insns[slot];
  const { btf } = env.facts;
  if (src !== BPF_PSEUDO_CALLEE.KFUNC) return undefined;
  if (imm === 0) return '';
  if (!btf.has(imm) || btf.kind(imm) !== 'func') return undefined;
  return btf.type(imm).name;
}

const descs = new WeakMap<VerifierEnv, Map<number, KfuncDesc | undefined>>();

/** The function that a call names; undefined when this program may not call it. */
export function fetchKfunc(env: VerifierEnv, slot: number): KfuncDesc | undefined {
  let bySlot = descs.get(env);
  if (!bySlot) {
    bySlot = new Map();
    descs.set(env, bySlot);
  }
  if (!bySlot.has(slot)) bySlot.set(slot, findKfunc(env, slot));
  return bySlot.get(slot);
}

function findKfunc(env: VerifierEnv, slot: number): KfuncDesc | undefined {
  const { btf } = env.facts;
  const name = kfuncName(env, slot);
  const row = name && kfuncFor(env.spec.type, env.spec.expectedAttachType, name);
  const id = kfuncId(env, slot);
  if (!row || !btf.has(id)) return undefined;
  const func = btf.type(id);
  const proto = func.kind === 'func' ? btf.type(func.typeId) : undefined;
  return proto?.kind === 'func_proto' ? { name, id, row, proto } : undefined;
}

/** Whether the kernel's BTF marks a function as callable that the tables do not know: of another kernel, of a module. */
export function isForeignKfunc(env: VerifierEnv, slot: number): boolean {
  const name = kfuncName(env, slot);
  if (!name || kfuncByName(name)) return false;
  const { btf } = env.facts;
  const id = kfuncId(env, slot);
  for (const tagId of btf.findAllByName('bpf_kfunc', 'decl_tag')) {
    const tag = btf.type(tagId);
    if (tag.kind === 'decl_tag' && tag.typeId === id) return true;
  }
  return false;
}
