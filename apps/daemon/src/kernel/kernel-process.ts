import { type ResourceLimits, Worker } from 'node:worker_threads';
import { SharedRing } from '@probed/stream';
import { RpcClient, ThreadUnavailable } from '../threads/rpc';
import type { KernelBoot, KernelCommands } from './commands';

/** An object whose load has begun and has not ended. */
export interface LoadInHand {
  readonly object_id: number;
  readonly name: string;
}

/** How a kernel thread ended. */
export interface KernelEnd {
  /** One line. */
  readonly reason: string;
  readonly loading: LoadInHand | undefined;
}

const HEARTBEAT_BYTES = 8;
/** Enough for any load; beyond it the thread ends, and not the daemon. */
const RESOURCE_LIMITS: ResourceLimits = { maxOldGenerationSizeMb: 2_048 };

/** One boot of the kernel thread, from its start to its end; it never comes back. */
export class KernelProcess {
  readonly ring: SharedRing;
  /** Settles when the thread is gone. */
  readonly ended: Promise<KernelEnd>;
  private readonly heartbeat = new Int32Array(new SharedArrayBuffer(HEARTBEAT_BYTES));
  private readonly worker: Worker;
  private readonly rpc: RpcClient<KernelCommands>;
  private readonly loading: LoadInHand[] = [];
  private over: KernelEnd | undefined;

  /** @param ringBytes size of the ring for frames, a power of two */
  constructor(file: string, boot: Omit<KernelBoot, 'ring' | 'heartbeat'>, ringBytes?: number) {
    this.ring = SharedRing.create(ringBytes);
    const workerData: KernelBoot = {
      ...boot,
      ring: this.ring.buffer,
      heartbeat: this.heartbeat.buffer as SharedArrayBuffer,
    };
    this.worker = new Worker(file, { workerData, resourceLimits: RESOURCE_LIMITS });
    this.rpc = new RpcClient(this.worker, 'kernel thread');
    this.ended = new Promise((resolve) => {
      const end = (reason: string) => resolve(this.end(reason));
      this.worker.on('error', (error) => end(oneLine(error)));
      this.worker.on('exit', (code) => end(`it exited with code ${code}`));
    });
  }

  /** Counts the thread's signs of life. */
  get beats(): number {
    return Atomics.load(this.heartbeat, 0);
  }

  get isOver(): boolean {
    return this.over !== undefined;
  }

  get isLoading(): boolean {
    return this.loading.length > 0;
  }

  async call<K extends keyof KernelCommands & string>(
    command: K,
    params: KernelCommands[K]['params'],
    timeoutMs?: number,
  ): Promise<KernelCommands[K]['result']> {
    if (this.over) throw gone(this.over.reason);
    const load = command === 'object.load' ? (params as KernelCommands['object.load']['params']) : undefined;
    if (load) this.loading.push(load);
    try {
      return await this.rpc.call(command, params, { timeoutMs });
    } finally {
      if (load && !this.over) this.loading.splice(this.loading.indexOf(load), 1);
    }
  }

  /** Ends the thread wherever it is; calls that wait reject at once. */
  terminate(reason: string): void {
    this.end(reason);
    void this.worker.terminate();
  }

  /** The first reason counts. */
  private end(reason: string): KernelEnd {
    if (!this.over) {
      // Commands are worked off in order: the first load is the one in hand.
      const [load] = this.loading;
      this.over = { reason, loading: load && { object_id: load.object_id, name: load.name } };
      this.rpc.rejectAll(gone(reason));
    }
    return this.over;
  }
}

function gone(reason: string): ThreadUnavailable {
  return new ThreadUnavailable('kernel-restarting', `the emulated kernel is being restarted: ${reason}`);
}

/** Errors of another thread are not always of this thread's class. */
function oneLine(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return String(message ?? error).split('\n', 1)[0];
}
