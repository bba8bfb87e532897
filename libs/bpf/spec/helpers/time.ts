import type { HelperProto } from '../helper-proto';
import { U64 } from './shorthands';

/** Clocks and timers; kernel/bpf/helpers.c. */
export const TIME_HELPERS: readonly HelperProto[] = [
  { id: 5, name: 'ktime_get_ns', ret: U64, args: [], support: 'full' },
  { id: 118, name: 'jiffies64', ret: U64, args: [], support: 'full' },
  { id: 125, name: 'ktime_get_boot_ns', ret: U64, args: [], support: 'full' },
  { id: 160, name: 'ktime_get_coarse_ns', ret: U64, args: [], support: 'full' },
  { id: 208, name: 'ktime_get_tai_ns', ret: U64, args: [], support: 'full' },
];
