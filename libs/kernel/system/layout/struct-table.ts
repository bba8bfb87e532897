/**
 * Names the members of one kernel struct that the emulation keeps up to date; everything else reads as zero.
 * Paths are C member paths (`se.cfs_rq`); anonymous unions and structs are transparent, as in C.
 */
export interface StructTable<F extends string = string> {
  readonly struct: string;
  readonly fields: readonly F[];
}

/** One modelled member: where it lies and how wide it is, in bytes; offset -1 when this kernel's BTF lacks it. */
export interface Field {
  readonly offset: number;
  readonly bytes: number;
}

/** A struct's size and modelled members by path. */
export type Layout<F extends string> = { readonly [K in F]: Field } & { readonly sizeBytes: number };

export function struct<const F extends readonly string[]>(name: string, fields: F): StructTable<F[number]> {
  return { struct: name, fields };
}
