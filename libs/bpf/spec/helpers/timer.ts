import type { HelperProto } from '../helper-proto';
import { ANY, FUNC, INT, MAP, TIMER } from './shorthands';

/** Timers in map values; kernel/bpf/helpers.c. */
export const TIMER_HELPERS: readonly HelperProto[] = [
  { id: 169, name: 'timer_init', ret: INT, args: [TIMER, MAP, ANY], gplOnly: true, support: 'none' },
  { id: 170, name: 'timer_set_callback', ret: INT, args: [TIMER, FUNC], gplOnly: true, support: 'none' },
  { id: 171, name: 'timer_start', ret: INT, args: [TIMER, ANY, ANY], gplOnly: true, support: 'none' },
  { id: 172, name: 'timer_cancel', ret: INT, args: [TIMER], gplOnly: true, support: 'none' },
];
