import type { HelperProto } from '../helper-proto';
import { SPIN_LOCK, VOID } from './shorthands';

/** Locks in map values; kernel/bpf/helpers.c. */
export const SPIN_LOCK_HELPERS: readonly HelperProto[] = [
  { id: 93, name: 'spin_lock', ret: VOID, args: [SPIN_LOCK], support: 'full' },
  { id: 94, name: 'spin_unlock', ret: VOID, args: [SPIN_LOCK], support: 'full' },
];
