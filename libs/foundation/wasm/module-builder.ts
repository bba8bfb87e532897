import { BinaryWriter } from './binary-writer';
import type { CodeWriter } from './code-writer';
import { OP } from './op-table';
import { type FuncType, type Limits, VAL_TYPE, type ValType } from './types';

/** `\0asm`, version 1. */
const HEADER = new Uint8Array([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
const FUNC_TYPE_TAG = 0x60;
const MUTABLE = 1;

/** Section ids (§5.5.2), in the order in which sections must appear. */
const SECTION = {
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  element: 9,
  code: 10,
} as const;

/** Kinds of imports and exports (§5.5.5). */
const EXTERN = { func: 0, table: 1, memory: 2, global: 3 } as const;

/** What an export names. */
export type ExternKind = keyof typeof EXTERN;

/**
 * One module, built piece by piece and encoded once.
 *
 * Invariants: all imports of a kind come before the first definition of that kind, since they share an index space;
 * equal function types share one index; every defined function gets a body before {@link finish}.
 */
export class ModuleBuilder {
  private readonly types: FuncType[] = [];
  private readonly typeIndex = new Map<string, number>();
  private readonly imports: BinaryWriter[] = [];
  private readonly imported: Record<ExternKind, number> = { func: 0, table: 0, memory: 0, global: 0 };
  private readonly funcTypes: number[] = [];
  private readonly bodies: (CodeWriter | undefined)[] = [];
  private readonly tables: Limits[] = [];
  private readonly memories: Limits[] = [];
  private readonly globals: { type: ValType; mutable: boolean; lo: number; hi: number }[] = [];
  private readonly exports: { name: string; kind: ExternKind; index: number }[] = [];
  private readonly elements: { table: number; offset: number; funcs: readonly number[] }[] = [];

  /** Index of a function type; equal signatures give the same index. */
  type(params: readonly ValType[], results: readonly ValType[]): number {
    const key = `${params.join()}>${results.join()}`;
    const known = this.typeIndex.get(key);
    if (known !== undefined) return known;
    const index = this.types.push({ params, results }) - 1;
    this.typeIndex.set(key, index);
    return index;
  }

  /** @returns the function's index */
  importFunc(module: string, name: string, type: number): number {
    if (this.funcTypes.length > 0) throw new Error('function imported after one was defined');
    return this.import('func', module, name, (entry) => entry.u32(type));
  }

  importMemory(module: string, name: string, limits: Limits): number {
    return this.import('memory', module, name, (entry) => writeLimits(entry, limits));
  }

  importTable(module: string, name: string, limits: Limits): number {
    if (this.tables.length > 0) throw new Error('table imported after one was defined');
    return this.import('table', module, name, (entry) => {
      writeLimits(entry.u8(VAL_TYPE.funcref), limits);
    });
  }

  importGlobal(module: string, name: string, type: ValType, mutable: boolean): number {
    if (this.globals.length > 0) throw new Error('global imported after one was defined');
    return this.import('global', module, name, (entry) => entry.u8(VAL_TYPE[type]).u8(mutable ? MUTABLE : 0));
  }

  /** Declares a function, so that others can call it before its body exists. @returns its index */
  func(type: number): number {
    this.bodies.push(undefined);
    return this.imported.func + this.funcTypes.push(type) - 1;
  }

  /** Gives a declared function its body. */
  body(func: number, code: CodeWriter): void {
    this.bodies[func - this.imported.func] = code;
  }

  table(limits: Limits): number {
    return this.imported.table + this.tables.push(limits) - 1;
  }

  memory(limits: Limits): number {
    return this.imported.memory + this.memories.push(limits) - 1;
  }

  /** An integer global with its initial value as halves (`hi` is ignored for i32). */
  global(type: 'i32' | 'i64', mutable: boolean, lo: number, hi = 0): number {
    return this.imported.global + this.globals.push({ type, mutable, lo, hi }) - 1;
  }

  export(name: string, kind: ExternKind, index: number): void {
    this.exports.push({ name, kind, index });
  }

  /** Fills table entries from `offset` on with functions at instantiation. */
  element(table: number, offset: number, funcs: readonly number[]): void {
    this.elements.push({ table, offset, funcs });
  }

  /** The module's bytes. */
  finish(): Uint8Array<ArrayBuffer> {
    const out = new BinaryWriter(1024).bytes(HEADER);
    writeSection(out, SECTION.type, this.types, writeFuncType);
    writeSection(out, SECTION.import, this.imports, (to, entry) => to.append(entry));
    writeSection(out, SECTION.function, this.funcTypes, (to, type) => to.u32(type));
    writeSection(out, SECTION.table, this.tables, (to, limits) =>
      writeLimits(to.u8(VAL_TYPE.funcref), limits),
    );
    writeSection(out, SECTION.memory, this.memories, writeLimits);
    writeSection(out, SECTION.global, this.globals, (to, global) => {
      to.u8(VAL_TYPE[global.type]).u8(global.mutable ? MUTABLE : 0);
      if (global.type === 'i32') to.u8(OP['i32.const']).s32(global.lo);
      else to.u8(OP['i64.const']).s64(global.lo, global.hi);
      to.u8(OP.end);
    });
    writeSection(out, SECTION.export, this.exports, (to, entry) => {
      to.name(entry.name).u8(EXTERN[entry.kind]).u32(entry.index);
    });
    writeSection(out, SECTION.element, this.elements, writeElement);
    writeSection(out, SECTION.code, this.bodies, (to, code, at) => {
      if (!code) throw new Error(`function ${at + this.imported.func} has no body`);
      code.writeTo(to);
    });
    return out.finish();
  }

  private import(
    kind: ExternKind,
    module: string,
    name: string,
    describe: (entry: BinaryWriter) => unknown,
  ): number {
    const entry = new BinaryWriter(32).name(module).name(name).u8(EXTERN[kind]);
    describe(entry);
    this.imports.push(entry);
    return this.imported[kind]++;
  }
}

/** A section of a vector of entries; an empty one is left out. */
function writeSection<T>(
  out: BinaryWriter,
  id: number,
  entries: readonly T[],
  write: (to: BinaryWriter, entry: T, index: number) => unknown,
): void {
  if (entries.length === 0) return;
  const content = new BinaryWriter(1024).u32(entries.length);
  entries.forEach((entry, index) => {
    write(content, entry, index);
  });
  out.u8(id).u32(content.size).append(content);
}

function writeFuncType(out: BinaryWriter, type: FuncType): void {
  out.u8(FUNC_TYPE_TAG).u32(type.params.length);
  for (const param of type.params) out.u8(VAL_TYPE[param]);
  out.u32(type.results.length);
  for (const result of type.results) out.u8(VAL_TYPE[result]);
}

/** Flags: 1 = maximum given, 2 = shared (§5.3.7 and the threads proposal). */
function writeLimits(out: BinaryWriter, limits: Limits): void {
  if (limits.shared && limits.maximum === undefined) throw new Error('a shared memory needs a maximum');
  out.u8((limits.maximum === undefined ? 0 : 1) | (limits.shared ? 2 : 0)).u32(limits.initial);
  if (limits.maximum !== undefined) out.u32(limits.maximum);
}

/** An active segment; the short form is for table 0 only (§5.5.12). */
function writeElement(
  out: BinaryWriter,
  segment: { table: number; offset: number; funcs: readonly number[] },
): void {
  if (segment.table === 0) out.u8(0);
  else out.u8(2).u32(segment.table);
  out.u8(OP['i32.const']).s32(segment.offset).u8(OP.end);
  if (segment.table !== 0) out.u8(0);
  out.u32(segment.funcs.length);
  for (const func of segment.funcs) out.u32(func);
}
