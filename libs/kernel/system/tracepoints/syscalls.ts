import type { SyscallRow } from '@probed/abi';
import type { FieldValue, TracepointHook } from '@probed/hooks';
import type { Kernel } from '../kernel';
import { row } from './row';

/** Enter and exit events of one system call. */
export interface SyscallEvents {
  readonly enter: TracepointHook<readonly [number]>;
  readonly exit: TracepointHook<readonly [number, number]>;
}

/**
 * `kernel/trace/trace_syscalls.c`: the whole family, derived from the table of system calls. A record holds
 * `__syscall_nr` and each argument under its name, zero-extended to 64 bits.
 */
export function declareSyscallEvents(k: Kernel, call: SyscallRow): SyscallEvents | undefined {
  const { define, args } = call;
  if (define === undefined) return undefined;
  const names = args.map((arg) => arg.name);
  const enter = k.hooks.declareTracepoint(
    row(
      'syscalls',
      `sys_enter_${define}`,
      (nr: number) => [k.ptr(k.task.regsOffset), nr],
      (nr) => {
        const fields: Record<string, FieldValue> = { __syscall_nr: nr };
        for (let i = 0; i < names.length; i++) fields[names[i]] = k.task.sysArgs[i];
        return fields;
      },
    ),
  );
  const exit = k.hooks.declareTracepoint(
    row(
      'syscalls',
      `sys_exit_${define}`,
      (_nr: number, ret: number) => [k.ptr(k.task.regsOffset), ret],
      (nr, ret) => ({ __syscall_nr: nr, ret }),
    ),
  );
  return { enter, exit };
}
