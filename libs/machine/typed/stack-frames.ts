import { formatKernelAddress } from '@probed/abi';

/** One address of a stack with its name, as far as there is one. */
export interface StackFrame {
  /** Address, `0x` and hex digits. */
  readonly ip: string;
  readonly symbol?: string;
  /** Bytes from the symbol's start. */
  readonly offset?: number;
  /** File of a user-space symbol. */
  readonly module?: string;
}

/** Names addresses and ids of the emulated kernel. */
export interface SymbolSource {
  kernelSymbol(address: number): { readonly name: string; readonly offset: number } | undefined;
  userSymbol(
    address: number,
    pid?: number,
  ): { readonly name: string; readonly offset: number; readonly module: string } | undefined;
  cgroupPath(id: number): string | undefined;
}

/** Names the addresses of a stack; user addresses in the memory of process `pid`. */
export function symboliseStack(
  kernel: SymbolSource,
  addresses: readonly number[],
  pid: number | undefined,
): StackFrame[] {
  return addresses.map((address) => {
    if (address < 0) {
      const ip = `0x${formatKernelAddress(address)}`;
      const hit = kernel.kernelSymbol(address);
      return hit ? { ip, symbol: hit.name, offset: hit.offset } : { ip };
    }
    const ip = `0x${address.toString(16)}`;
    const hit = kernel.userSymbol(address, pid);
    return hit ? { ip, symbol: hit.name, offset: hit.offset, module: hit.module } : { ip };
  });
}

/** `vfs_read+0x1a`, `main+0x4 (/bin/bash)`, or the bare address. */
export function formatStackFrame({ ip, symbol, offset = 0, module }: StackFrame): string {
  if (symbol === undefined) return ip;
  return `${symbol}+0x${offset.toString(16)}${module === undefined ? '' : ` (${module})`}`;
}
