import { struct } from './struct-table';

/** `include/linux/pid.h`; `numbers` is the flexible array at its end. */
export const PID = struct('pid', ['count', 'level', 'ino', 'numbers']);

/** One entry of `pid.numbers`. */
export const UPID = struct('upid', ['nr', 'ns']);
