import { err, ok, type Result } from '@probed/base';
import { invalid, outOfRange } from './fault';
import type { CoreInsn, CoreResult } from './types';

/**
 * `invalid func unknown#195896080` is what the verifier says when it reaches a poisoned instruction; the number is
 * 0xbad2310, libbpf's "bad relo".
 */
export const CORE_POISON = 195_896_080;

const CLASS_LD = 0;
const CLASS_LDX = 1;
const CLASS_ST = 2;
const CLASS_STX = 3;
const CLASS_ALU = 4;
const CLASS_ALU64 = 7;
const SRC_MASK = 0x08;
const SIZE_MASK = 0x18;
const OP_LDIMM64 = 0x18;
const OP_CALL = 0x85;
const OFFSET_MAX = 0x7fff;

/** Width field of a load or store by bytes moved. */
const SIZE_BITS: Record<number, number> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
const SIZE_BYTES: Record<number, number> = { 16: 1, 8: 2, 0: 4, 24: 8 };

/**
 * Writes a relocation's result into `insns[index]` (and its second slot, for a 64-bit immediate), in place.
 * Supported are ALU with an immediate, loads and stores (offset, and width when the field's size differs), and
 * `ld_imm64`. Errors (`core-relocation`): the instruction is of another form, holds another value than the compiler's,
 * or the new value does not fit. tools/lib/bpf/relo_core.c: bpf_core_patch_insn.
 *
 * @returns true when the instruction was poisoned.
 */
export function patchCoreInsn(
  insns: readonly CoreInsn[],
  index: number,
  result: CoreResult,
): Result<boolean> {
  const insn = insns[index];
  if (!insn) return err(invalid(`instruction ${index} does not exist`));
  if (result.poison) return poison(insns, index);
  const patch = PATCH_BY_CLASS[insn.opcode & 7];
  if (!patch) {
    const { opcode, src, dst, off, imm } = insn;
    return err(
      invalid(
        `instruction ${index} cannot be relocated: code 0x${opcode.toString(16)}, src ${src}, dst ${dst}, off ${off}, imm ${imm}`,
      ),
    );
  }
  return patch(insns, index, result);
}

type Patch = (insns: readonly CoreInsn[], index: number, result: CoreResult) => Result<boolean>;

const PATCH_BY_CLASS: Record<number, Patch | undefined> = {
  [CLASS_LD]: patchLdImm64,
  [CLASS_LDX]: patchMemory,
  [CLASS_ST]: patchMemory,
  [CLASS_STX]: patchMemory,
  [CLASS_ALU]: patchAlu,
  [CLASS_ALU64]: patchAlu,
};

function poison(insns: readonly CoreInsn[], index: number): Result<boolean> {
  const insn = insns[index];
  const second = insns[index + 1];
  // Both slots, lest the verifier complain about an unknown opcode 00 instead.
  if (insn.opcode === OP_LDIMM64 && second) poisonOne(second);
  poisonOne(insn);
  return ok(true);
}

function poisonOne(insn: CoreInsn): void {
  insn.opcode = OP_CALL;
  insn.dst = 0;
  insn.src = 0;
  insn.off = 0;
  insn.imm = CORE_POISON;
}

/** Holds the instruction what the compiler must have put there? */
function mismatch(index: number, form: string, got: bigint, result: CoreResult): Result<boolean> | undefined {
  if (!result.validate || BigInt.asUintN(64, got) === result.origValue) return undefined;
  return err(
    invalid(
      `unexpected value in instruction ${index} (${form}): got ${got}, expected ${result.origValue} -> ${result.value}`,
    ),
  );
}

function patchAlu(insns: readonly CoreInsn[], index: number, result: CoreResult): Result<boolean> {
  const insn = insns[index];
  if (insn.opcode & SRC_MASK) return err(invalid(`instruction ${index} (ALU) has no immediate`));
  const fault = mismatch(index, 'ALU', BigInt(insn.imm), result);
  if (fault) return fault;
  insn.imm = Number(BigInt.asIntN(32, result.value));
  return ok(false);
}

function patchMemory(insns: readonly CoreInsn[], index: number, result: CoreResult): Result<boolean> {
  const insn = insns[index];
  const fault = mismatch(index, 'LDX/ST/STX', BigInt(insn.off), result);
  if (fault) return fault;
  if (result.value > OFFSET_MAX) {
    return err(outOfRange(`instruction ${index} (LDX/ST/STX): offset ${result.value} is too big`));
  }
  // A load of another width would give a wrong value: as bad as a missing field.
  if (result.failMemSizeAdjust) return poison(insns, index);
  insn.off = Number(result.value);
  return result.newSize === result.origSize ? ok(false) : resize(insn, index, result);
}

function resize(insn: CoreInsn, index: number, { origSize, newSize }: CoreResult): Result<boolean> {
  const bytes = SIZE_BYTES[insn.opcode & SIZE_MASK];
  if (bytes !== origSize) {
    return err(
      invalid(`instruction ${index} (LDX/ST/STX) accesses ${bytes} bytes of a field of ${origSize}`),
    );
  }
  const size = SIZE_BITS[newSize];
  if (size === undefined) {
    return err(invalid(`instruction ${index} (LDX/ST/STX) cannot access a field of ${newSize} bytes`));
  }
  insn.opcode = (insn.opcode & ~SIZE_MASK) | size;
  return ok(false);
}

function patchLdImm64(insns: readonly CoreInsn[], index: number, result: CoreResult): Result<boolean> {
  const insn = insns[index];
  const second = insns[index + 1];
  const plain = insn.opcode === OP_LDIMM64 && insn.src === 0 && insn.off === 0;
  if (!plain || !second || second.opcode || second.dst || second.src || second.off) {
    return err(invalid(`instruction ${index} (LDIMM64) has an unexpected form`));
  }
  const imm = (BigInt(second.imm) << 32n) | BigInt(insn.imm >>> 0);
  const fault = mismatch(index, 'LDIMM64', imm, result);
  if (fault) return fault;
  insn.imm = Number(BigInt.asIntN(32, result.value));
  second.imm = Number(BigInt.asIntN(32, result.value >> 32n));
  return ok(false);
}
