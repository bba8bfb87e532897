import { BinaryWriter } from './binary-writer';
import { OP } from './op-table';
import { type BlockType, EMPTY_BLOCK, VAL_TYPE, type ValType } from './types';

const LOCAL_GET = OP['local.get'];
const LOCAL_SET = OP['local.set'];
const LOCAL_TEE = OP['local.tee'];
const I32_CONST = OP['i32.const'];
const I64_CONST = OP['i64.const'];
const PREFIXED_MIN = 0x100;
/** No local was set by the instruction just written. */
const NONE = -1;

/**
 * Body of one function, written front to back: locals are declared as they come, structured control by the caller.
 *
 * A `local.set` followed at once by a `local.get` of the same local becomes one `local.tee`.
 */
export class CodeWriter extends BinaryWriter {
  private readonly locals: ValType[] = [];
  /** Local and position of a `local.set` that is the last instruction so far. */
  private lastSet = NONE;
  private lastSetAt = 0;

  /** @param params number of parameters; they are the first locals */
  constructor(
    private readonly params: number,
    initialBytes?: number,
  ) {
    super(initialBytes);
  }

  /** Declares a local, which starts as zero. @returns its index */
  local(type: ValType): number {
    this.locals.push(type);
    return this.params + this.locals.length - 1;
  }

  /** An instruction without immediates. */
  op(code: number): this {
    this.lastSet = NONE;
    if (code >= PREFIXED_MIN) return this.u8(code >> 8).u32(code & 0xff);
    return this.u8(code);
  }

  i32Const(value: number): this {
    return this.op(I32_CONST).s32(value);
  }

  /** A 64-bit constant from its halves, signed or not. */
  i64Const(lo: number, hi: number): this {
    return this.op(I64_CONST).s64(lo, hi);
  }

  /** A 32-bit value, sign-extended. */
  i64ConstSigned(value: number): this {
    return this.i64Const(value, value >> 31);
  }

  localGet(index: number): this {
    if (this.lastSet === index) {
      this.buffer[this.lastSetAt] = LOCAL_TEE;
      this.lastSet = NONE;
      return this;
    }
    return this.op(LOCAL_GET).u32(index);
  }

  localSet(index: number): this {
    const at = this.size;
    this.op(LOCAL_SET).u32(index);
    this.lastSet = index;
    this.lastSetAt = at;
    return this;
  }

  localTee(index: number): this {
    return this.op(LOCAL_TEE).u32(index);
  }

  globalGet(index: number): this {
    return this.op(OP['global.get']).u32(index);
  }

  globalSet(index: number): this {
    return this.op(OP['global.set']).u32(index);
  }

  /** A load or store; the alignment is only a hint, so byte alignment is always valid. */
  mem(code: number, offset: number, alignLog2 = 0): this {
    return this.op(code).u32(alignLog2).u32(offset);
  }

  /** `memory.size`, in pages of 64 KiB. */
  memorySize(): this {
    return this.op(OP['memory.size']).u8(0);
  }

  call(func: number): this {
    return this.op(OP.call).u32(func);
  }

  callIndirect(type: number, table = 0): this {
    return this.op(OP.call_indirect).u32(type).u32(table);
  }

  returnCall(func: number): this {
    return this.op(OP.return_call).u32(func);
  }

  returnCallIndirect(type: number, table = 0): this {
    return this.op(OP.return_call_indirect).u32(type).u32(table);
  }

  block(type?: BlockType): this {
    return this.op(OP.block).blockType(type);
  }

  loop(type?: BlockType): this {
    return this.op(OP.loop).blockType(type);
  }

  if(type?: BlockType): this {
    return this.op(OP.if).blockType(type);
  }

  else(): this {
    return this.op(OP.else);
  }

  end(): this {
    return this.op(OP.end);
  }

  br(depth: number): this {
    return this.op(OP.br).u32(depth);
  }

  brIf(depth: number): this {
    return this.op(OP.br_if).u32(depth);
  }

  brTable(depths: readonly number[], otherwise: number): this {
    this.op(OP.br_table).u32(depths.length);
    for (const depth of depths) this.u32(depth);
    return this.u32(otherwise);
  }

  return(): this {
    return this.op(OP.return);
  }

  /** The code entry (§5.5.13): size, locals as runs of equal types, instructions, final `end`. */
  writeTo(out: BinaryWriter): void {
    const head = new BinaryWriter(16);
    const runs: { type: ValType; count: number }[] = [];
    for (const type of this.locals) {
      const last = runs.at(-1);
      if (last?.type === type) last.count++;
      else runs.push({ type, count: 1 });
    }
    head.u32(runs.length);
    for (const run of runs) head.u32(run.count).u8(VAL_TYPE[run.type]);
    out
      .u32(head.size + this.size + 1)
      .append(head)
      .append(this)
      .u8(OP.end);
  }

  private blockType(type: BlockType): this {
    if (type === undefined) return this.u8(EMPTY_BLOCK);
    return typeof type === 'number' ? this.s32(type) : this.u8(VAL_TYPE[type]);
  }
}
