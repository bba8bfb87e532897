/**
 * The scalar abstract domain: what the verifier knows of a 64-bit number (known bits and four ranges), and how every
 * instruction and branch changes that. Canonical source: kernel/bpf/tnum.c and kernel/bpf/verifier.c of Linux 6.18.
 *
 * A {@link ScalarState} is immutable: share it freely, compare by identity first. It carries no id, precision mark or
 * pointer type; those belong to the register that holds it. Pointers keep their variable offset in one as well.
 */
export { AluOp, adjustScalarMinMaxVals } from './alu';
export { type Decision, isScalarBranchTaken } from './branch-taken';
export { type BranchStates, regSetMinMax } from './cond';
export {
  coerceRegToSize,
  coerceRegToSizeSx,
  coerceSubregToSizeSx,
  loadedScalar,
  scalarByteSwap,
  zext32To64,
} from './extend';
export { type ForkedScalars, maybeForkScalars } from './fork';
export { adjustPtrAdd, adjustPtrSub, linkedRegDelta } from './pointer-offset';
export {
  formatSnum,
  formatUnum,
  printScalar,
  printScalarRanges,
  type ScalarLabel,
  tnumString,
} from './print';
export { rangeWithin, scalarEquals, tnumIn } from './relations';
export {
  isConst,
  isSubregConst,
  type ScalarState,
  scalarConst,
  scalarImm,
  UNKNOWN,
  ZERO,
} from './state';
export { type BoundsPatch, withBounds } from './sync';
