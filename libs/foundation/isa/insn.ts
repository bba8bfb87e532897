/**
 * One 8-byte slot of eBPF byte code (RFC 9669 §3). A 64-bit immediate load takes two slots: the second has
 * opcode 0 and carries the high half in `imm`. Positions everywhere are slot indexes, as in the kernel.
 */
export interface Insn {
  /** Operation, 0..255. */
  opcode: number;
  /** Destination register, 0..15 as encoded. */
  dst: number;
  /** Source register, 0..15 as encoded; also the pseudo kind of calls and 64-bit loads. */
  src: number;
  /** Signed 16-bit. */
  off: number;
  /** Signed 32-bit. */
  imm: number;
}
