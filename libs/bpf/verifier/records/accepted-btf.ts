import type { Btf } from '@probed/btf';
import type { KernelFacts, ProgramSpec } from '@probed/spec';
import type { VerifyOptions } from '../env';
import { structMetas } from './struct-metas';

/**
 * A program and its BTF as they reach the kernel: loaders go on without the BTF when the kernel refuses it for what it
 * declares (libbpf: bpf_object__sanitize_and_load_btf).
 */
export function withAcceptedBtf(
  program: ProgramSpec,
  facts: KernelFacts,
  options: VerifyOptions,
): { program: ProgramSpec; options: VerifyOptions } {
  const { objectBtf } = options;
  if (!objectBtf || isAccepted(objectBtf, facts.btf)) return { program, options };
  return {
    program: { ...program, funcInfo: [], lineInfo: [] },
    options: { ...options, objectBtf: undefined },
  };
}

function isAccepted(btf: Btf, kernel: Btf): boolean {
  return typeof structMetas(btf, kernel) !== 'string' && namesAllParams(btf);
}

const named = new WeakMap<Btf, boolean>();

/** Parameters of functions have names (kernel/bpf/btf.c: btf_func_check); loaders name those of extern functions. */
function namesAllParams(btf: Btf): boolean {
  let all = named.get(btf);
  if (all === undefined) {
    const nameless = new Set<number>();
    const renamed = new Set<number>();
    for (const id of btf.idsOfKind('func')) {
      const func = btf.type(id);
      const proto = func.kind === 'func' ? btf.type(func.typeId) : undefined;
      if (func.kind !== 'func' || proto?.kind !== 'func_proto') continue;
      if (func.linkage === 'extern') renamed.add(proto.id);
      else if (proto.params.some((p) => p.name === '' && p.typeId !== 0)) nameless.add(proto.id);
    }
    all = [...nameless].every((id) => renamed.has(id));
    named.set(btf, all);
  }
  return all;
}
