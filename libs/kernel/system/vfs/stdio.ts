import type { Kernel } from '../kernel';
import type { Task } from '../task/task';
import { createHostPipe, type HostPipe } from './pipe';

const encoder = new TextEncoder();

/** Standard streams of a process without a terminal: three pipes, their far ends with the container runtime. */
export class Stdio {
  /** Receives what is written to descriptor 1 and 2, as it is written. */
  onStdout: ((data: Uint8Array) => void) | undefined;
  onStderr: ((data: Uint8Array) => void) | undefined;
  private readonly pipes: readonly [HostPipe, HostPipe, HostPipe];

  constructor(k: Kernel) {
    this.pipes = [
      createHostPipe(k),
      createHostPipe(k, (data) => this.onStdout?.(data)),
      createHostPipe(k, (data) => this.onStderr?.(data)),
    ];
  }

  /** Bytes for the process's standard input. Call it between runs or from an event. */
  write(data: Uint8Array | string): void {
    this.pipes[0].push(typeof data === 'string' ? encoder.encode(data) : data);
  }

  /** End of the standard input. */
  closeStdin(): void {
    this.pipes[0].close();
  }

  /** The client has gone: end of input, and writing gives EPIPE and SIGPIPE. */
  close(): void {
    for (const pipe of this.pipes) pipe.close();
  }

  /** Makes them descriptors 0 to 2 of a new task; for one task only. */
  install(task: Task): void {
    this.pipes.forEach(({ file }, fd) => {
      task.files.install(fd, file, false);
    });
  }
}

/** Pipes for a process to be launched with `stdio`. */
export function createStdio(k: Kernel): Stdio {
  return new Stdio(k);
}
