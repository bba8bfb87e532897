/**
 * The Linux user-space ABI as data: errno, system calls, constants, tracepoint formats, kernel symbols.
 * Canonical source: include/uapi/ of Linux 6.18 and what a running x86-64 6.18 says of itself.
 */
export * from './bpf-constants';
export { ERRNO, type ErrnoName, errnoName, strerror } from './errno';
export { KernelConfig } from './kernel-config';
export * from './kernel-constants';
export { formatKernelAddress, KernelSymbols, type SymbolHit } from './kernel-symbols';
export { SIGNAL, type SignalName, signalName } from './signals';
export { SYSCALLS, type SyscallArg, type SyscallRow, syscallByName, syscallByNumber } from './syscalls';
export { PF, TASK_STATE } from './task-constants';
export {
  printTracepointFormat,
  type TracepointField,
  type TracepointFormat,
  TracepointFormats,
} from './tracepoint-formats';
export * from './uapi-constants';
