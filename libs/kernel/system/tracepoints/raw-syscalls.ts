import type { Kernel } from '../kernel';
import { row } from './row';

/** `include/trace/events/syscalls.h`: the raw events get a pointer to the user registers and the number. */
export function rawSyscallRows(k: Kernel) {
  return {
    sysEnter: row(
      'raw_syscalls',
      'sys_enter',
      (nr: number) => [k.ptr(k.task.regsOffset), nr],
      (nr) => ({ id: nr, args: Array.from(k.task.sysArgs) }),
    ),
    sysExit: row(
      'raw_syscalls',
      'sys_exit',
      (_nr: number, ret: number) => [k.ptr(k.task.regsOffset), ret],
      (nr, ret) => ({ id: nr, ret }),
    ),
  };
}
