import type { ObjectProgram, ObjectSpec } from '@probed/object';

/**
 * The object with those of its optional programs (`SEC("?…")`) that are wanted, which load as any other from then on.
 * @returns also the programs that were left out
 */
export function withoutOptional(
  object: ObjectSpec,
  wanted: (program: string) => boolean,
): { readonly object: ObjectSpec; readonly leftOut: readonly ObjectProgram[] } {
  const leftOut: ObjectProgram[] = [];
  const programs = object.programs.flatMap((program) => {
    if (!program.optional) return [program];
    if (wanted(program.name)) return [{ ...program, optional: false }];
    leftOut.push(program);
    return [];
  });
  return { object: { ...object, programs }, leftOut };
}
