/** Scalars that are offsets: the variable part of a pointer, and registers linked by a constant distance. */
import { add32 } from './alu32';
import { add64, addOffset, subOffset } from './alu64';
import { assignLow32 } from './extend';
import { load, type ScalarState, scalarConst, take } from './state';
import { regBoundsSync } from './sync';
import { tnumAdd, tnumSub } from './tnum';
import { DST, SRC, unbind32 } from './words';

function adjust(
  pointer: ScalarState,
  offset: ScalarState,
  ranges: () => void,
  bits: (to: number, a: number, b: number) => void,
): ScalarState {
  load(DST, pointer);
  load(SRC, offset);
  unbind32(DST);
  ranges();
  bits(DST, DST, SRC);
  regBoundsSync(DST);
  return take(DST);
}

/**
 * Variable offset of `pointer += offset` (kernel/bpf/verifier.c: adjust_ptr_min_max_vals, BPF_ADD). Unlike an ALU
 * addition, any wrap of a range forgets it. The low half's ranges of pointers are not tracked.
 */
export function adjustPtrAdd(pointer: ScalarState, offset: ScalarState): ScalarState {
  return adjust(pointer, offset, addOffset, tnumAdd);
}

/** Variable offset of `pointer -= offset` (adjust_ptr_min_max_vals, BPF_SUB). */
export function adjustPtrSub(pointer: ScalarState, offset: ScalarState): ScalarState {
  return adjust(pointer, offset, subOffset, tnumSub);
}

/**
 * A register known to be `delta` above `known` (kernel/bpf/verifier.c: sync_linked_regs with BPF_ADD_CONST).
 *
 * @param isLow32 the distance came from a 32-bit operation (BPF_ADD_CONST32 on either), so the sum is zero-extended
 */
export function linkedRegDelta(known: ScalarState, delta: bigint, isLow32 = false): ScalarState {
  const step = scalarConst(delta);
  load(DST, known);
  load(SRC, step);
  add32();
  add64();
  tnumAdd(DST, DST, SRC);
  if (isLow32) assignLow32(DST);
  regBoundsSync(DST);
  return take(DST);
}
