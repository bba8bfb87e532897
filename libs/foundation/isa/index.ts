/** The eBPF instruction set as tables: decode, encode, disassemble, assemble. Canonical spec: RFC 9669. */
export type { Insn } from './insn';
