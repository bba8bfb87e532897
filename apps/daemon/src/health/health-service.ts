import { packageVersion } from '@probed/package';
import type { Health, KernelHealth, StoreHealth } from '@probed/protocol';
import { KernelPort } from '../programs/ports';
import { ThreadUnavailable } from '../threads/rpc';

const KERNEL_STATUS_TIMEOUT_MS = 500;

/** The kernel's client, as far as its health goes. */
export abstract class KernelWatch extends KernelPort {
  abstract override readonly state: Omit<KernelHealth, 'lag_ms' | 'memory_bytes'>;
}

/** Where the parts of a health report come from. */
export interface HealthSources {
  readonly kernel: KernelWatch;
  /** The BTF file whose layout the emulated kernel wears. */
  readonly btf?: string;
  readonly store: () => Promise<Omit<StoreHealth, 'queued' | 'queue_max' | 'dropped'>>;
  readonly records: () => {
    readonly total: number;
    readonly per_second: number;
    readonly lost: number;
    readonly dropped: number;
    readonly queued: number;
    readonly queue_max: number;
    readonly store: 'ok' | 'failing';
    readonly error?: string;
  };
  readonly stream: () => Health['stream'];
}

/** How kernel thread, store and stream are. It answers whatever state they are in. */
export class HealthService {
  private lastStatus: Pick<KernelHealth, 'lag_ms' | 'memory_bytes' | 'release'> = {
    lag_ms: 0,
    memory_bytes: 0,
  };

  constructor(private readonly sources: HealthSources) {}

  async health(): Promise<Health> {
    const { store, stream } = this.sources;
    const [kernel, stored] = await Promise.all([this.kernelHealth(), store()]);
    const { total, per_second, lost, dropped, queued, queue_max, ...pipeline } = this.sources.records();
    const failing = pipeline.store === 'failing' && stored.state === 'ok';
    const storeHealth: StoreHealth = {
      ...stored,
      ...(failing && { state: 'failing' as const, error: pipeline.error }),
      queued,
      queue_max,
      dropped,
    };
    return {
      status: kernel.state === 'running' && storeHealth.state === 'ok' ? 'ok' : 'degraded',
      version: packageVersion(),
      pid: process.pid,
      uptime_s: process.uptime(),
      kernel,
      store: storeHealth,
      stream: stream(),
      records: { total, per_second, lost },
    };
  }

  /** One line for probes: undefined when all is well. */
  complaint(): string | undefined {
    const { state } = this.sources.kernel.state;
    if (state !== 'running') return `kernel ${state}`;
    const { store, error } = this.sources.records();
    return store === 'failing' ? `store failing: ${error}` : undefined;
  }

  private async kernelHealth(): Promise<KernelHealth> {
    const { kernel } = this.sources;
    if (kernel.state.state === 'running') await this.readStatus();
    const { btf } = this.sources;
    return { ...kernel.state, ...this.lastStatus, ...(btf !== undefined && { btf }) };
  }

  private async readStatus(): Promise<void> {
    try {
      const options = { timeoutMs: KERNEL_STATUS_TIMEOUT_MS };
      const { lag_ms, memory_bytes, release } = await this.sources.kernel.call('status', null, options);
      this.lastStatus = { lag_ms, memory_bytes, release };
    } catch (error) {
      if (!(error instanceof ThreadUnavailable)) throw error;
    }
  }
}
