/** An address in emulated memory that a host holds: of a kernel object, or of data in a task's user memory. */
export class Pointer {
  constructor(
    /** As a program sees it in a register, unsigned. */
    readonly address: bigint,
    /** What lies there, in C's words, e.g. `struct file`. */
    readonly type: string,
    /** Bytes that lie there. */
    readonly bytes: number,
  ) {}
}

/**
 * What a host gives for an argument, a field, a member: integers, text, bytes, a {@link Pointer}; lists for arrays,
 * objects for structs. Where the type is a pointer, text, bytes, lists and objects are put into memory and pointed to.
 */
export type HookValue =
  | number
  | bigint
  | boolean
  | string
  | null
  | Uint8Array
  | Pointer
  | readonly HookValue[]
  | { readonly [name: string]: HookValue };

/** A plain object: members by name. */
export function isMembers(value: HookValue): value is { readonly [name: string]: HookValue } {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !(value instanceof Pointer) && !(value instanceof Uint8Array);
}
