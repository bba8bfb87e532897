import { assert } from '@probed/base';
import { type Insn, insnRow, type Semantics } from '@probed/isa';
import { lowerMov, lowerMovsx, lowerNeg, lowerPlain } from './alu';
import { lowerAtomic } from './atomic';
import { lowerCall, lowerCallx } from './call';
import type { FunctionContext } from './context';
import { lowerDivision } from './division';
import { lowerEndian } from './endian';
import { lowerLdImm64 } from './immediate';
import { lowerLoad, lowerStore } from './memory';
import { lowerPacket } from './packet';

type SemanticsOf<K extends Semantics['kind']> = Extract<Semantics, { kind: K }>;
type Lowerer<K extends Semantics['kind']> = (
  f: FunctionContext,
  insn: Insn,
  slot: number,
  semantics: SemanticsOf<K>,
) => void;

/** Kinds that end a block, whose code comes from the layout. */
type ControlKind = 'jump' | 'branch' | 'may_goto' | 'exit';

function refuse(_f: FunctionContext, _insn: Insn, slot: number, semantics: Semantics): never {
  throw new Error(`invariant broken: ${semantics.kind} at ${slot}, the verifier accepts none`);
}

const LOWERERS: { readonly [K in Exclude<Semantics['kind'], ControlKind>]: Lowerer<K> } = {
  alu: (f, insn, _slot, { op, bits, operand }) => {
    if (op === 'mov') lowerMov(f, insn, bits, operand);
    else if (op === 'div' || op === 'sdiv' || op === 'mod' || op === 'smod') {
      lowerDivision(f, insn, op, bits, operand);
    } else lowerPlain(f, insn, op, bits, operand);
  },
  neg: (f, insn, _slot, { bits }) => lowerNeg(f, insn, bits),
  movsx: (f, insn, _slot, { from, bits }) => lowerMovsx(f, insn, from, bits),
  endian: (f, insn, _slot, { order, bits }) => lowerEndian(f, insn, order, bits),
  ld_imm64: (f, insn, slot) => lowerLdImm64(f, insn, slot),
  load: (f, insn, slot, { bytes, signed }) => lowerLoad(f, insn, slot, bytes, signed),
  store: (f, insn, _slot, { bytes, operand }) => lowerStore(f, insn, bytes, operand),
  atomic: (f, insn, _slot, { op, fetch, bytes }) => lowerAtomic(f, insn, op, fetch, bytes),
  load_acquire: (f, insn, slot, { bytes }) => lowerLoad(f, insn, slot, bytes, false),
  store_release: (f, insn, _slot, { bytes }) => lowerStore(f, insn, bytes, 'reg'),
  call: (f, insn, slot, { callee }) => lowerCall(f, insn, slot, callee),
  addr_space_cast: refuse,
  packet: (f, insn, _slot, { mode, bytes }) => lowerPacket(f, insn, mode, bytes),
  callx: (f, insn, slot) => lowerCallx(f, insn, slot),
};

/** Writes the code of one instruction that is no jump and no exit. */
export function lowerInsn(f: FunctionContext, insn: Insn, slot: number): void {
  const semantics = insnRow(insn)?.semantics;
  assert(semantics, `opcode 0x${insn.opcode.toString(16)} at ${slot} is no instruction`);
  const lower = LOWERERS[semantics.kind as keyof typeof LOWERERS] as Lowerer<Semantics['kind']>;
  lower(f, insn, slot, semantics);
}
