/**
 * Names the members of one kernel struct that the emulation keeps up to date; everything else reads as zero.
 * Paths are C member paths (`se.cfs_rq`); anonymous unions and structs are transparent, as in C.
 */
export interface StructTable<F extends string = string> {
  readonly struct: string;
  readonly fields: readonly F[];
  /** What other kernels call a member, or where they have it, by its name here; the first that a BTF has counts. */
  readonly spellings: Partial<Readonly<Record<F, readonly string[]>>>;
  /** Members that only older kernels have: they need not be in the BTF of 6.18. */
  readonly older: readonly F[];
}

/** One modelled member: where it lies and how wide it is, in bytes; offset -1 when this kernel's BTF lacks it. */
export interface Field {
  readonly offset: number;
  readonly bytes: number;
}

/** A struct's size and modelled members by path. */
export type Layout<F extends string> = { readonly [K in F]: Field } & { readonly sizeBytes: number };

export function struct<const F extends readonly string[], const O extends readonly string[] = []>(
  name: string,
  fields: F,
  others: {
    readonly spellings?: Partial<Readonly<Record<F[number], readonly string[]>>>;
    readonly older?: O;
  } = {},
): StructTable<F[number] | O[number]> {
  const older: readonly (F[number] | O[number])[] = others.older ?? [];
  const spellings: StructTable<F[number] | O[number]>['spellings'] = others.spellings ?? {};
  return { struct: name, fields: [...fields, ...older], spellings, older };
}
