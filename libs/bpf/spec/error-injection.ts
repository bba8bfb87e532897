/** Functions marked ALLOW_ERROR_INJECTION besides the system calls, in mm/, block/ and fs/ of 6.18. */
const INJECTABLE: ReadonlySet<string> = new Set([
  '__filemap_add_folio',
  'should_fail_alloc_page',
  'should_fail_bio',
  'should_failslab',
  'open_ctree',
]);

/** `SYSCALL_DEFINE` marks every system call (include/linux/syscalls.h, arch/x86/include/asm/syscall_wrapper.h). */
const SYSTEM_CALL = /^__(x64|ia32)_sys_/;

/** Whether a program may make a kernel function return an error without running (`within_error_injection_list`). */
export function isErrorInjectable(name: string): boolean {
  return SYSTEM_CALL.test(name) || INJECTABLE.has(name);
}
