import type { HelperProto } from '../helper-proto';
import {
  ANY,
  ANY32,
  CTX,
  fixedInout,
  INT,
  MAP,
  MEM_IN_OR_NULL,
  MEM_INOUT,
  SIZE,
  SIZE_OR_ZERO,
} from './shorthands';

/** Where a packet goes; net/core/filter.c. */
export const REDIRECT_HELPERS: readonly HelperProto[] = [
  {
    id: 13,
    name: 'clone_redirect',
    ret: INT,
    args: [CTX, ANY32, ANY],
    support: 'partial',
    note: 'the copy goes nowhere',
  },
  {
    id: 23,
    name: 'redirect',
    ret: INT,
    args: [ANY32, ANY],
    support: 'partial',
    note: 'packets of test runs stay',
  },
  {
    id: 51,
    name: 'redirect_map',
    ret: INT,
    args: [MAP, ANY, ANY],
    support: 'partial',
    note: 'packets of test runs stay',
  },
  {
    id: 69,
    name: 'fib_lookup',
    ret: INT,
    args: [CTX, MEM_INOUT, SIZE, ANY32],
    gplOnly: true,
    support: 'partial',
    note: 'the emulated nodes forward nothing',
  },
  {
    id: 152,
    name: 'redirect_neigh',
    ret: INT,
    args: [ANY32, MEM_IN_OR_NULL, SIZE_OR_ZERO, ANY],
    support: 'partial',
    note: 'packets of test runs stay',
  },
  {
    id: 155,
    name: 'redirect_peer',
    ret: INT,
    args: [ANY32, ANY],
    support: 'partial',
    note: 'packets of test runs stay',
  },
  {
    id: 163,
    name: 'check_mtu',
    ret: INT,
    args: [CTX, ANY32, fixedInout(4), ANY32, ANY],
    gplOnly: true,
    support: 'full',
  },
];
