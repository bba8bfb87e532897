import type { FileTree, Service } from '@probed/system';

/** One container of a pod. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  /** Files of the image and of what kubelet mounts. */
  readonly tree: FileTree;
  /** User that its processes run as, root by default. */
  readonly uid?: number;
  readonly gid?: number;
  /**
   * Argv of its pid 1; without it a process that only waits. Empty: none is started, and the first process launched in
   * the container is pid 1.
   */
  readonly command?: readonly string[];
  /** Added to the environment that kubelet and the image give. */
  readonly env?: Readonly<Record<string, string>>;
  /** Working directory, `/` by default. */
  readonly cwd?: string;
}

/** One pod and where it runs. */
export interface PodSpec {
  readonly name: string;
  /** `default` by default. */
  readonly namespace?: string;
  /** Name of a node of the cluster. */
  readonly node: string;
  /** Address in the pod network. */
  readonly ip: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** The first one is who is meant when none is named. */
  readonly containers: readonly ContainerSpec[];
  /** What its TCP ports answer to callers on other nodes, by port; others refuse. Callers on its node reach its processes. */
  readonly ports?: Readonly<Record<number, Service>>;
}

/** Which container a process runs in, in the form that records carry it. */
export interface ContainerIdentity {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  /** 64 hex digits. */
  readonly container_id: string;
  readonly image: string;
  readonly node: string;
}
