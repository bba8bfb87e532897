/** Value types (WebAssembly core spec §5.3.1) by name and binary code. */
export const VAL_TYPE = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, funcref: 0x70 } as const;

export type ValType = keyof typeof VAL_TYPE;

/** A function's signature. */
export interface FuncType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

/** Result of a block, loop or if: nothing, one value, or the index of a function type. */
export type BlockType = ValType | number | undefined;

/** Bounds of a memory (pages of 64 KiB) or a table (entries). */
export interface Limits {
  readonly initial: number;
  readonly maximum?: number;
  /** Memories only; a shared memory must state its maximum. */
  readonly shared?: boolean;
}

/** Binary code of a block type that yields nothing (§5.4.1). */
export const EMPTY_BLOCK = 0x40;
