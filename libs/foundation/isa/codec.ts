import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Insn } from './insn';
import { INSN_BYTES } from './opcode';

/**
 * Splits byte code into slots (little endian, RFC 9669 §3). Every pattern of 8 bytes is a slot: whether it is an
 * instruction is the business of {@link insnRow} and the verifier, so that the error can name the slot.
 */
export function decodeInsns(bytes: Uint8Array): Result<Insn[]> {
  if (bytes.length % INSN_BYTES !== 0) {
    const message = `byte code of ${bytes.length} bytes is not a multiple of ${INSN_BYTES}`;
    return err(diagnostic('insn-truncated', message, { errno: 22 }));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const insns: Insn[] = new Array(bytes.length / INSN_BYTES);
  for (let slot = 0; slot < insns.length; slot++) {
    const at = slot * INSN_BYTES;
    const regs = bytes[at + 1];
    insns[slot] = {
      opcode: bytes[at],
      dst: regs & 0x0f,
      src: regs >> 4,
      off: view.getInt16(at + 2, true),
      imm: view.getInt32(at + 4, true),
    };
  }
  return ok(insns);
}

/** Byte code of the slots, 8 bytes each, little endian; the inverse of {@link decodeInsns}. */
export function encodeInsns(insns: readonly Insn[]): Uint8Array {
  const bytes = new Uint8Array(insns.length * INSN_BYTES);
  const view = new DataView(bytes.buffer);
  insns.forEach((insn, slot) => {
    const at = slot * INSN_BYTES;
    bytes[at] = insn.opcode;
    bytes[at + 1] = (insn.dst & 0x0f) | (insn.src << 4);
    view.setInt16(at + 2, insn.off, true);
    view.setInt32(at + 4, insn.imm, true);
  });
  return bytes;
}
