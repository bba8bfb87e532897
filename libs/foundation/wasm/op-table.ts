/** What follows an opcode in the binary format. */
export type OpImmediates =
  | 'none'
  /** A block type. */
  | 'block'
  /** A label, function, local or global index. */
  | 'index'
  /** A vector of labels and a default label. */
  | 'labels'
  /** A type index and a table index. */
  | 'indirect'
  /** Alignment (log2) and offset. */
  | 'memarg'
  /** A memory index, always 0. */
  | 'memory'
  /** Two memory indexes, always 0. */
  | 'memory-pair'
  | 's32'
  | 's64';

/**
 * The instructions of WebAssembly that integer code needs (core spec §5.4, with the sign-extension and tail-call
 * proposals): name, opcode (0xfcNN for those behind the prefix byte), immediates.
 */
export const OP_ROWS = [
  ['unreachable', 0x00, 'none'],
  ['nop', 0x01, 'none'],
  ['block', 0x02, 'block'],
  ['loop', 0x03, 'block'],
  ['if', 0x04, 'block'],
  ['else', 0x05, 'none'],
  ['end', 0x0b, 'none'],
  ['br', 0x0c, 'index'],
  ['br_if', 0x0d, 'index'],
  ['br_table', 0x0e, 'labels'],
  ['return', 0x0f, 'none'],
  ['call', 0x10, 'index'],
  ['call_indirect', 0x11, 'indirect'],
  ['return_call', 0x12, 'index'],
  ['return_call_indirect', 0x13, 'indirect'],
  ['drop', 0x1a, 'none'],
  ['select', 0x1b, 'none'],
  ['local.get', 0x20, 'index'],
  ['local.set', 0x21, 'index'],
  ['local.tee', 0x22, 'index'],
  ['global.get', 0x23, 'index'],
  ['global.set', 0x24, 'index'],
  ['i32.load', 0x28, 'memarg'],
  ['i64.load', 0x29, 'memarg'],
  ['i32.load8_s', 0x2c, 'memarg'],
  ['i32.load8_u', 0x2d, 'memarg'],
  ['i32.load16_s', 0x2e, 'memarg'],
  ['i32.load16_u', 0x2f, 'memarg'],
  ['i64.load8_s', 0x30, 'memarg'],
  ['i64.load8_u', 0x31, 'memarg'],
  ['i64.load16_s', 0x32, 'memarg'],
  ['i64.load16_u', 0x33, 'memarg'],
  ['i64.load32_s', 0x34, 'memarg'],
  ['i64.load32_u', 0x35, 'memarg'],
  ['i32.store', 0x36, 'memarg'],
  ['i64.store', 0x37, 'memarg'],
  ['i32.store8', 0x3a, 'memarg'],
  ['i32.store16', 0x3b, 'memarg'],
  ['i64.store8', 0x3c, 'memarg'],
  ['i64.store16', 0x3d, 'memarg'],
  ['i64.store32', 0x3e, 'memarg'],
  ['memory.size', 0x3f, 'memory'],
  ['memory.grow', 0x40, 'memory'],
  ['i32.const', 0x41, 's32'],
  ['i64.const', 0x42, 's64'],
  ['i32.eqz', 0x45, 'none'],
  ['i32.eq', 0x46, 'none'],
  ['i32.ne', 0x47, 'none'],
  ['i32.lt_s', 0x48, 'none'],
  ['i32.lt_u', 0x49, 'none'],
  ['i32.gt_s', 0x4a, 'none'],
  ['i32.gt_u', 0x4b, 'none'],
  ['i32.le_s', 0x4c, 'none'],
  ['i32.le_u', 0x4d, 'none'],
  ['i32.ge_s', 0x4e, 'none'],
  ['i32.ge_u', 0x4f, 'none'],
  ['i64.eqz', 0x50, 'none'],
  ['i64.eq', 0x51, 'none'],
  ['i64.ne', 0x52, 'none'],
  ['i64.lt_s', 0x53, 'none'],
  ['i64.lt_u', 0x54, 'none'],
  ['i64.gt_s', 0x55, 'none'],
  ['i64.gt_u', 0x56, 'none'],
  ['i64.le_s', 0x57, 'none'],
  ['i64.le_u', 0x58, 'none'],
  ['i64.ge_s', 0x59, 'none'],
  ['i64.ge_u', 0x5a, 'none'],
  ['i32.clz', 0x67, 'none'],
  ['i32.ctz', 0x68, 'none'],
  ['i32.popcnt', 0x69, 'none'],
  ['i32.add', 0x6a, 'none'],
  ['i32.sub', 0x6b, 'none'],
  ['i32.mul', 0x6c, 'none'],
  ['i32.div_s', 0x6d, 'none'],
  ['i32.div_u', 0x6e, 'none'],
  ['i32.rem_s', 0x6f, 'none'],
  ['i32.rem_u', 0x70, 'none'],
  ['i32.and', 0x71, 'none'],
  ['i32.or', 0x72, 'none'],
  ['i32.xor', 0x73, 'none'],
  ['i32.shl', 0x74, 'none'],
  ['i32.shr_s', 0x75, 'none'],
  ['i32.shr_u', 0x76, 'none'],
  ['i32.rotl', 0x77, 'none'],
  ['i32.rotr', 0x78, 'none'],
  ['i64.clz', 0x79, 'none'],
  ['i64.ctz', 0x7a, 'none'],
  ['i64.popcnt', 0x7b, 'none'],
  ['i64.add', 0x7c, 'none'],
  ['i64.sub', 0x7d, 'none'],
  ['i64.mul', 0x7e, 'none'],
  ['i64.div_s', 0x7f, 'none'],
  ['i64.div_u', 0x80, 'none'],
  ['i64.rem_s', 0x81, 'none'],
  ['i64.rem_u', 0x82, 'none'],
  ['i64.and', 0x83, 'none'],
  ['i64.or', 0x84, 'none'],
  ['i64.xor', 0x85, 'none'],
  ['i64.shl', 0x86, 'none'],
  ['i64.shr_s', 0x87, 'none'],
  ['i64.shr_u', 0x88, 'none'],
  ['i64.rotl', 0x89, 'none'],
  ['i64.rotr', 0x8a, 'none'],
  ['i32.wrap_i64', 0xa7, 'none'],
  ['i64.extend_i32_s', 0xac, 'none'],
  ['i64.extend_i32_u', 0xad, 'none'],
  ['i32.extend8_s', 0xc0, 'none'],
  ['i32.extend16_s', 0xc1, 'none'],
  ['i64.extend8_s', 0xc2, 'none'],
  ['i64.extend16_s', 0xc3, 'none'],
  ['i64.extend32_s', 0xc4, 'none'],
  ['memory.copy', 0xfc0a, 'memory-pair'],
  ['memory.fill', 0xfc0b, 'memory'],
] as const satisfies readonly (readonly [string, number, OpImmediates])[];

/** An instruction's name in the text format. */
export type OpName = (typeof OP_ROWS)[number][0];

/** Opcode by name; 0xfcNN for those behind the prefix byte. */
export const OP = Object.fromEntries(OP_ROWS.map(([name, code]) => [name, code])) as Record<OpName, number>;
