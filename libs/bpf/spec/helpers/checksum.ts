import type { HelperProto } from '../helper-proto';
import { ANY, ANY32, CTX, INT, MEM_IN_OR_NULL, SIZE_OR_ZERO, U64 } from './shorthands';

/** Checksums; net/core/filter.c. */
export const CHECKSUM_HELPERS: readonly HelperProto[] = [
  { id: 10, name: 'l3_csum_replace', ret: INT, args: [CTX, ANY32, ANY, ANY, ANY], support: 'full' },
  { id: 11, name: 'l4_csum_replace', ret: INT, args: [CTX, ANY32, ANY, ANY, ANY], support: 'full' },
  {
    id: 28,
    name: 'csum_diff',
    ret: U64,
    args: [MEM_IN_OR_NULL, SIZE_OR_ZERO, MEM_IN_OR_NULL, SIZE_OR_ZERO, ANY32],
    pktAccess: true,
    support: 'full',
  },
  { id: 40, name: 'csum_update', ret: U64, args: [CTX, ANY32], support: 'full' },
  { id: 135, name: 'csum_level', ret: INT, args: [CTX, ANY], support: 'full' },
];
