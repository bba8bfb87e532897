import type { HookValue, KernelObjects, ObjectEncoder } from '@probed/machine';
import { Pointer } from '@probed/machine';
import { type Kernel, type Task as KernelTask, placeUserBytes } from '@probed/system';
import { fail, unwrap } from './errors';

/** A task to be made; whatever is left out is as for a root shell of the node. */
export interface TaskOptions {
  /** Thread id; the next free one by default. */
  pid?: number;
  /** Process that it is a thread of, by number; itself by default. */
  tgid?: number;
  /** Parent: a task, or its pid; init by default. */
  parent?: Task | number;
  /** At most 15 bytes; the base name of `exe` by default. */
  comm?: string;
  uid?: number;
  gid?: number;
  /** cgroup v2 path, `/` by default; made when there is none. */
  cgroup?: string;
  /** An executable of the emulated node, `/usr/bin/bash` by default. */
  exe?: string;
  /** Command line. */
  argv?: string[];
}

interface TaskParts {
  readonly kernel: Kernel;
  readonly task: KernelTask;
  readonly objects: KernelObjects;
  readonly encoder: ObjectEncoder;
}

const partsOf = new WeakMap<Task, TaskParts>();

/** @internal The kernel's task behind a handle. */
export function kernelTask(task: Task): KernelTask {
  return partsOf.get(task)!.task;
}

/** A task of the emulated kernel, in whose name hooks are fired. */
export class Task {
  /** @internal */
  static of(parts: TaskParts): Task {
    const task = new Task();
    partsOf.set(task, parts);
    return task;
  }

  private constructor() {}

  get pid(): number {
    return kernelTask(this).pid;
  }

  get tgid(): number {
    return kernelTask(this).tgid;
  }

  get ppid(): number {
    return kernelTask(this).ppid;
  }

  get uid(): number {
    return kernelTask(this).uid;
  }

  get gid(): number {
    return kernelTask(this).gid;
  }

  get comm(): string {
    return kernelTask(this).comm;
  }

  /** What `bpf_get_current_cgroup_id` gives. */
  get cgroupId(): bigint {
    return BigInt(kernelTask(this).cgroupId);
  }

  get cgroup(): string {
    return kernelTask(this).cgroupPath;
  }

  /** Its `task_struct`, to be given as an argument (`struct task_struct *p`). */
  get pointer(): Pointer {
    const { kernel, task } = partsOf.get(this)!;
    const address = BigInt.asUintN(64, BigInt(kernel.ptr(task.taskOffset)));
    return new Pointer(address, 'struct task_struct', kernel.layout.task.sizeBytes);
  }

  /** Puts text with its NUL into the task's user memory. */
  string(text: string): Pointer {
    return this.place(new TextEncoder().encode(`${text}\0`), 'char');
  }

  /** Puts bytes into the task's user memory. */
  bytes(bytes: Uint8Array): Pointer {
    return this.place(bytes, 'bytes');
  }

  /** Puts a struct of the kernel's types into the task's user memory, e.g. a `sockaddr_in` for connect(2). */
  struct(type: string, members: HookValue = {}): Pointer {
    const { objects, encoder } = partsOf.get(this)!;
    const typeId = unwrap(objects.typeId(type));
    return this.place(unwrap(encoder.encode(typeId, members)), type);
  }

  private place(bytes: Uint8Array, type: string): Pointer {
    const { kernel, task } = partsOf.get(this)!;
    const address = placeUserBytes(kernel, task, bytes);
    if (address === undefined)
      fail('out-of-memory', `task ${this.pid} has no user memory for it`, { errno: 14 });
    return new Pointer(BigInt(address), type, bytes.length);
  }
}
