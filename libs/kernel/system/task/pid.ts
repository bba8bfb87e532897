import type { Kernel } from '../kernel';
import type { PidNamespace } from '../namespaces/namespace';

/** `struct pid`: one number in each pid namespace from the initial one down to the task's own. */
export class Pid {
  constructor(
    readonly offset: number,
    /** Level 0 first. */
    readonly numbers: readonly { readonly nr: number; readonly ns: PidNamespace }[],
  ) {}

  numberIn(ns: PidNamespace): number {
    return this.numbers[ns.level]?.ns === ns ? this.numbers[ns.level].nr : 0;
  }

  /** The number that the task itself sees. */
  get own(): number {
    return this.numbers[this.numbers.length - 1].nr;
  }
}

/**
 * `kernel/pid.c: alloc_pid`
 * @param wanted number in the initial namespace, already claimed (`set_tid` of clone3)
 */
export function allocPid(k: Kernel, ns: PidNamespace, wanted?: number): Pid {
  const chain: PidNamespace[] = [];
  for (let at: PidNamespace | undefined = ns; at; at = at.parent) chain.unshift(at);
  const numbers = chain.map((level, i) => ({ nr: (i === 0 && wanted) || level.allocate(), ns: level }));
  const L = k.layout.pid;
  const U = k.layout.upid;
  const base = L.numbers.offset + numbers.length * U.sizeBytes;
  const at = k.memory.alloc(Math.max(base, L.sizeBytes));
  k.w.put(at, L.count, 1);
  k.w.put(at, L.level, ns.level);
  numbers.forEach(({ nr, ns: level }, i) => {
    const entry = at + L.numbers.offset + i * U.sizeBytes;
    k.w.put(entry, U.nr, nr);
    k.w.ptr(entry, U.ns, level.offset);
  });
  return new Pid(at, numbers);
}

export function freePid(k: Kernel, pid: Pid): void {
  for (const { nr, ns } of pid.numbers) ns.release(nr);
  k.memory.free(pid.offset);
}
