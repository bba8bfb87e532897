import { syscallByNumber } from '@probed/abi';
import { readI64 } from '@probed/base';
import { offsetOf } from '@probed/memory';
import type { Kernel } from '../kernel';
import type { KernelSymbols } from '../kernel-api';
import type { Task } from '../task/task';

const IDLE_FRAMES = ['common_startup_64', 'start_secondary', 'cpu_startup_entry', 'do_idle', 'default_idle'];
const MAX_DENTRIES = 512;

/** Answers questions about stacks and paths from the emulation's own bookkeeping. */
export interface StackWalk {
  /** Return addresses of a task's kernel stack, innermost first. */
  kernel(task: Task): number[];
  /** Return addresses of its user stack, innermost first. */
  user(k: Kernel, task: Task): number[];
  userIp(k: Kernel, task: Task): number;
  /** Puts an idle task where idle tasks are. */
  enterIdle(task: Task): void;
  readonly idleIp: number;
  dPath(k: Kernel, pathOffset: number): string | undefined;
}

export function stackWalk(symbols: KernelSymbols): StackWalk {
  const inside = new Map<number, number>();
  /** A place inside a function, always the same one, as if a call there were in progress. */
  const returnAddress = (ip: number) => {
    let address = inside.get(ip);
    if (address === undefined) {
      const size = symbols.lookup(ip)?.size ?? 64;
      address = ip + Math.min(Math.max(1, size - 1), 5 + (Math.abs(ip) % 0x5b));
      inside.set(ip, address);
    }
    return address;
  };
  const idle = IDLE_FRAMES.flatMap((name) => symbols.address(name) ?? []);
  return {
    kernel(task) {
      const { ips, depth } = task.stack;
      const out: number[] = [];
      for (let i = depth - 1; i >= 0; i--)
        if (ips[i]) out.push(i === depth - 1 ? ips[i] : returnAddress(ips[i]));
      return out;
    },
    user(k, task) {
      if (!task.mm) return [];
      const out: number[] = [];
      const wrapper = syscallWrapper(k, task);
      if (wrapper) out.push(wrapper);
      for (let i = task.userFrames.length - 1; i >= 0; i--) out.push(task.userFrames[i]);
      return out;
    },
    userIp(k, task) {
      return syscallWrapper(k, task) || (task.userFrames.at(-1) ?? 0);
    },
    enterIdle(task) {
      for (const ip of idle) task.stack.push(ip);
    },
    idleIp: (idle.at(-1) ?? 0) + 0x0b,
    dPath,
  };
}

/** Address after the `syscall` instruction in libc's wrapper of the call in progress; 0 in none. */
function syscallWrapper(k: Kernel, task: Task): number {
  if (task.sysNr < 0) return 0;
  const name = syscallByNumber(task.sysNr)?.name ?? 'syscall';
  const libc = k.images.get('libc');
  return libc.returnAddress(name) ?? libc.returnAddress('syscall') ?? 0;
}

/** Walks dentries and mounts as they are in linear memory, so that it works for any `struct path` a program has. */
function dPath(k: Kernel, pathOffset: number): string | undefined {
  const { view } = k.memory;
  const { path: P, dentry: D, mount: M } = k.layout;
  const pointer = (at: number) => offsetOf(readI64(view, at));
  const mntMember = M.mnt.offset;
  let mount = pointer(pathOffset + P.mnt.offset) - mntMember;
  let dentry = pointer(pathOffset + P.dentry.offset);
  const parts: string[] = [];
  for (let i = 0; i < MAX_DENTRIES; i++) {
    if (dentry <= 0 || mount <= 0) return undefined;
    if (dentry === pointer(mount + M['mnt.mnt_root'].offset)) {
      const parent = pointer(mount + M.mnt_parent.offset);
      if (parent === mount) return parts.length > 0 ? `/${parts.reverse().join('/')}` : nameOr(k, dentry);
      dentry = pointer(mount + M.mnt_mountpoint.offset);
      mount = parent;
      continue;
    }
    const up = pointer(dentry + D.d_parent.offset);
    if (up === dentry) return nameAt(k, dentry);
    parts.push(nameAt(k, dentry));
    dentry = up;
  }
  return undefined;
}

function nameAt(k: Kernel, dentry: number): string {
  const { view, u8 } = k.memory;
  const at = offsetOf(readI64(view, dentry + k.layout.dentry['d_name.name'].offset));
  const end = u8.indexOf(0, at);
  return new TextDecoder().decode(u8.slice(at, end));
}

function nameOr(k: Kernel, dentry: number): string {
  const name = nameAt(k, dentry);
  return name.startsWith('/') ? name : `/${name}`;
}
