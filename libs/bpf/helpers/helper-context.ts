import { ERRNO } from '@probed/abi';
import type { BpfMap, MapRegistry } from '@probed/maps';
import { DIRECT_MAP_HI, type KernelMemory } from '@probed/memory';
import { BudgetExceeded, type ExecutionEnv, type HelperFn } from '@probed/spec';
import type { KernelServices } from './kernel-services';

/** What {@link createHelpers} is given: the machine's memory, the kernel, its maps, and the program's link. */
export interface HelperEnv {
  readonly memory: KernelMemory;
  readonly services: KernelServices;
  readonly maps: MapRegistry;
  readonly env: Pick<ExecutionEnv, 'resultSlot' | 'invokeCallback' | 'budget'>;
}

/** The kernel's helpers return errors negated. */
export const E = {
  PERM: -ERRNO.EPERM,
  NOENT: -ERRNO.ENOENT,
  TOO_BIG: -ERRNO.E2BIG,
  AGAIN: -ERRNO.EAGAIN,
  NOMEM: -ERRNO.ENOMEM,
  ACCES: -ERRNO.EACCES,
  FAULT: -ERRNO.EFAULT,
  NODEV: -ERRNO.ENODEV,
  INVAL: -ERRNO.EINVAL,
  PROTO: -ERRNO.EPROTO,
  AFNOSUPPORT: -ERRNO.EAFNOSUPPORT,
  NOSPC: -ERRNO.ENOSPC,
  RANGE: -ERRNO.ERANGE,
  NAMETOOLONG: -ERRNO.ENAMETOOLONG,
  OPNOTSUPP: -ERRNO.EOPNOTSUPP,
  OVERFLOW: -ERRNO.EOVERFLOW,
} as const;

/** The kernel's internal errno, negated (include/linux/errno.h). */
export const ENOTSUPP = -524;

const TWO32 = 0x1_0000_0000;

/** What implementations share. One per collection of programs. */
export class HelperContext {
  readonly memory: KernelMemory;
  readonly services: KernelServices;
  readonly maps: MapRegistry;
  readonly env: HelperEnv['env'];
  /** Word index of the result slot. */
  private readonly slot: number;

  constructor(source: HelperEnv) {
    this.memory = source.memory;
    this.services = source.services;
    this.maps = source.maps;
    this.env = source.env;
    this.slot = source.env.resultSlot >>> 2;
  }

  /** Leaves a 64-bit result in halves. */
  u64(lo: number, hi: number): number {
    const { i32 } = this.memory;
    i32[this.slot] = lo;
    i32[this.slot + 1] = hi;
    return 0;
  }

  /** Leaves a 64-bit result: a count, ns, id, or a signed word (an address, a negative errno). */
  word(value: number): number {
    return this.u64(value, Math.floor(value / TWO32));
  }

  /** Leaves a direct-map address, NULL for offset 0. */
  address(offset: number): number {
    return offset === 0 ? this.u64(0, 0) : this.u64(offset, DIRECT_MAP_HI);
  }

  /** The map whose object a program passed. */
  map(offset: number): BpfMap {
    const map = this.maps.at(offset);
    if (!map) throw new Error(`invariant broken: no map at offset ${offset}`);
    return map;
  }

  /** Takes one iteration from the budget of the run in flight. @throws BudgetExceeded */
  iterate(): void {
    if (--this.env.budget < 0) throw new BudgetExceeded();
  }
}

/** Makes a helper's implementation; `map` when every call passes that same map. */
export type HelperMaker = (context: HelperContext, map?: BpfMap) => HelperFn;

/** Implementations by helper name. */
export type HelperFamily = Readonly<Record<string, HelperMaker>>;
