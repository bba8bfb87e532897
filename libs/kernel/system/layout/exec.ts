import { struct } from './struct-table';

/** `include/linux/binfmts.h` */
export const LINUX_BINPRM = struct('linux_binprm', [
  'mm',
  'p',
  'file',
  'cred',
  'argc',
  'envc',
  'filename',
  'interp',
  'buf',
]);

/** `arch/x86/include/asm/ptrace.h` */
export const PT_REGS = struct('pt_regs', [
  'r15',
  'r14',
  'r13',
  'r12',
  'bp',
  'bx',
  'r11',
  'r10',
  'r9',
  'r8',
  'ax',
  'cx',
  'dx',
  'si',
  'di',
  'orig_ax',
  'ip',
  'cs',
  'flags',
  'sp',
  'ss',
]);

/** `include/linux/sched.h: struct kernel_clone_args` */
export const KERNEL_CLONE_ARGS = struct('kernel_clone_args', ['flags', 'exit_signal', 'stack', 'stack_size']);

export const KERNEL_SIGINFO = struct('kernel_siginfo', ['si_signo', 'si_errno', 'si_code']);
