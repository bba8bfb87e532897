/** Encoder of WebAssembly modules, byte by byte. Canonical spec: WebAssembly Core Specification 2.0, chapter 5. */
export { BinaryWriter } from './binary-writer';
export { CodeWriter } from './code-writer';
export { type ExternKind, ModuleBuilder } from './module-builder';
export { OP, OP_ROWS, type OpImmediates, type OpName } from './op-table';
export type { BlockType, FuncType, Limits, ValType } from './types';
