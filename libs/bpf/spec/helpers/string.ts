import type { HelperProto } from '../helper-proto';
import { ANY, CONST_STR, fixedOut, INT, MEM_IN, SIZE } from './shorthands';

/** Strings; kernel/bpf/helpers.c. */
export const STRING_HELPERS: readonly HelperProto[] = [
  { id: 105, name: 'strtol', ret: INT, args: [MEM_IN, SIZE, ANY, fixedOut(8)], support: 'full' },
  { id: 106, name: 'strtoul', ret: INT, args: [MEM_IN, SIZE, ANY, fixedOut(8)], support: 'full' },
  { id: 182, name: 'strncmp', ret: INT, args: [MEM_IN, SIZE, CONST_STR], support: 'full' },
];
