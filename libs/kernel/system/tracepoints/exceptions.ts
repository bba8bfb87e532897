import type { Kernel } from '../kernel';
import { row } from './row';

/** `arch/x86/include/asm/trace/exceptions.h` */
export function exceptionRows(k: Kernel) {
  const fault = (name: string) =>
    row(
      'exceptions',
      name,
      (address: number, _ip: number, code: number) => [address, k.ptr(k.regs.current()), code],
      (address, ip, code) => ({ address, ip, error_code: code }),
    );
  return { pageFaultUser: fault('page_fault_user'), pageFaultKernel: fault('page_fault_kernel') };
}
