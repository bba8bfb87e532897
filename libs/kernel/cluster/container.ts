import { CAP_CONTAINER, type Kernel, type Launch } from '@probed/system';
import type { Root } from './executable';
import type { ContainerSpec } from './pod-spec';

type Task = ReturnType<Kernel['launch']>;

/** Where a container's processes live on its node. */
export interface Place {
  readonly root: Root;
  readonly nsproxy: NonNullable<Launch['nsproxy']>;
  /** Path below /sys/fs/cgroup. */
  readonly cgroup: string;
  readonly cgroupId: number;
}

/** A container that exists. */
export class Container {
  readonly name: string;
  readonly image: string;
  readonly uid: number;
  readonly gid: number;

  constructor(
    readonly kernel: Kernel,
    spec: ContainerSpec,
    /** 64 hex digits. */
    readonly id: string,
    readonly place: Place,
    /** Environment of its processes, `NAME=value` each. */
    readonly env: readonly string[],
  ) {
    this.name = spec.name;
    this.image = spec.image;
    this.uid = spec.uid ?? 0;
    this.gid = spec.gid ?? spec.uid ?? 0;
    this.cwd = spec.cwd;
  }

  readonly cwd: string | undefined;

  get cgroup(): string {
    return this.place.cgroup;
  }

  /** Starts a process in the container, as the container runtime does; the first one is pid 1 in there. */
  launch(process: Omit<Launch, 'root' | 'nsproxy' | 'cgroup'>): Task {
    const { root, nsproxy, cgroup } = this.place;
    return this.kernel.launch({
      uid: this.uid,
      gid: this.gid,
      cwd: this.cwd,
      caps: CAP_CONTAINER,
      env: this.env,
      ...process,
      root,
      nsproxy,
      cgroup,
    });
  }
}
