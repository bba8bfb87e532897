import { SYSCALL_ROWS } from './syscall-rows';

/** One parameter of a system call. */
export interface SyscallArg {
  readonly name: string;
  /** C type as the tracepoint's format file has it, e.g. `const char *`. */
  readonly type: string;
}

/** One system call of x86-64. */
export interface SyscallRow {
  readonly number: number;
  /** What user space calls it: `stat`, `uname`, `sendfile`, `umount2`. */
  readonly name: string;
  /**
   * The SYSCALL_DEFINE name, which `sys_enter_*` tracepoints and `__x64_sys_*` functions take: `newstat`,
   * `newuname`, `sendfile64`, `umount`. Undefined when 6.18 has no entry there: the call is -ENOSYS.
   */
  readonly define: string | undefined;
  readonly args: readonly SyscallArg[];
}

function parseArgs(text: string): SyscallArg[] {
  if (!text) return [];
  return text.split(', ').map((arg) => {
    const at = arg.lastIndexOf(' ');
    return { type: arg.slice(0, at), name: arg.slice(at + 1) };
  });
}

/** Every system call of `arch/x86/entry/syscalls/syscall_64.tbl` (abi `common` and `64`), in order of number. */
export const SYSCALLS: readonly SyscallRow[] = SYSCALL_ROWS.map(([number, name, define, args]) => ({
  number,
  name,
  define: define || undefined,
  args: parseArgs(args),
}));

const byNumber = new Map(SYSCALLS.map((row) => [row.number, row]));
const byName = new Map<string, SyscallRow>();
for (const row of SYSCALLS) if (row.define && row.define !== row.name) byName.set(row.define, row);
// A user-visible name wins over another call's SYSCALL_DEFINE name.
for (const row of SYSCALLS) byName.set(row.name, row);

export function syscallByNumber(number: number): SyscallRow | undefined {
  return byNumber.get(number);
}

/** By the user-visible name or, where no call has that, by the SYSCALL_DEFINE name. */
export function syscallByName(name: string): SyscallRow | undefined {
  return byName.get(name);
}
