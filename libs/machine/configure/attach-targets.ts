import type { ObjectSpec } from '@probed/object';
import { parseSectionName } from '@probed/spec';

/** A program and what it is to be attached to, in place of what its section names. */
export interface AttachTarget {
  readonly program: string;
  readonly target: string;
}

/**
 * `bpf_program__set_attach_target`: the object with other targets for programs that are verified against the function
 * or tracepoint that they attach to (fentry, fexit, fmod_ret, tp_btf, lsm, iter). Others take their target when they
 * are attached. Of several targets for a program the first counts.
 */
export function withAttachTargets(object: ObjectSpec, targets: readonly AttachTarget[]): ObjectSpec {
  const programs = object.programs.map((program) => {
    const target = targets.find((one) => one.program === program.name)?.target;
    const section = parseSectionName(program.section);
    if (target === undefined || !section.ok || !section.value.attachBtf) return program;
    return { ...program, attachTo: target };
  });
  return { ...object, programs };
}
