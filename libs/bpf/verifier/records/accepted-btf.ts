import type { KernelFacts, ProgramSpec } from '@probed/spec';
import type { VerifyOptions } from '../env';
import { structMetas } from './struct-metas';

/**
 * A program and its BTF as they reach the kernel: loaders go on without the BTF when the kernel refuses it for what its
 * structs declare (libbpf: bpf_object__sanitize_and_load_btf).
 */
export function withAcceptedBtf(
  program: ProgramSpec,
  facts: KernelFacts,
  options: VerifyOptions,
): { program: ProgramSpec; options: VerifyOptions } {
  const { objectBtf } = options;
  if (!objectBtf || typeof structMetas(objectBtf, facts.btf) !== 'string') return { program, options };
  return {
    program: { ...program, funcInfo: [], lineInfo: [] },
    options: { ...options, objectBtf: undefined },
  };
}
