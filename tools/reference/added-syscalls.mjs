// System calls of the target (a distribution's 6.18) that the reference host's configuration leaves out, with their
// parameters as SYSCALL_DEFINE gives them, and why the host lacks them.
export const ADDED_SYSCALLS = [
  // CONFIG_MODULES: kernel/module/main.c
  { number: 175, define: 'init_module', args: 'void * umod, unsigned long len, const char * uargs' },
  { number: 176, define: 'delete_module', args: 'const char * name_user, unsigned int flags' },
  { number: 313, define: 'finit_module', args: 'int fd, const char * uargs, int flags' },
  // CONFIG_KEXEC, CONFIG_KEXEC_FILE: kernel/kexec.c, kernel/kexec_file.c
  {
    number: 246,
    define: 'kexec_load',
    args: 'unsigned long entry, unsigned long nr_segments, struct kexec_segment * segments, unsigned long flags',
  },
  {
    number: 320,
    define: 'kexec_file_load',
    args: 'int kernel_fd, int initrd_fd, unsigned long cmdline_len, const char * cmdline_ptr, unsigned long flags',
  },
  // CONFIG_X86_USER_SHADOW_STACK: arch/x86/kernel/shstk.c
  {
    number: 453,
    define: 'map_shadow_stack',
    args: 'unsigned long addr, unsigned long size, unsigned int flags',
  },
];
