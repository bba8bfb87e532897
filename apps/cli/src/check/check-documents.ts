import type { Gap, ProgramCheck } from '@probed/machine';
import { programType } from '@probed/spec';
import type { ObjectCheck } from './check-files';
import type { NamedKernel } from './checked-kernels';

/** One JSON document a program and kernel. */
export function* checkDocuments({ object, kernels, checks }: ObjectCheck): Generator<object> {
  for (const [k, kernel] of kernels.entries()) {
    for (const check of checks[k]) yield checkDocument(object.name, kernel, check);
  }
}

function checkDocument(file: string, kernel: NamedKernel, check: ProgramCheck): object {
  const { program, section, type, verdict, gap, doubt, guarded } = check;
  return {
    file,
    program,
    section,
    type: programType(type)?.name ?? String(type),
    kernel: kernel.name,
    ...(kernel.file !== undefined && { btf: kernel.file }),
    release: kernel.release,
    release_from: kernel.releaseFrom,
    verdict,
    ...(gap && { reason: gapDocument(gap) }),
    ...(doubt && { doubt: gapDocument(doubt) }),
    ...(guarded.length > 0 && { guarded: guarded.map(gapDocument) }),
  };
}

function gapDocument({ kind, subject, message, relocation, spec, insn, source, log }: Gap): object {
  return { kind, subject, message, relocation, spec, insn, source, log };
}
