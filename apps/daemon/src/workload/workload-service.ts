import { diagnostic } from '@probed/base';
import type { Workload, WorkloadStart } from '@probed/protocol';
import type { Logger } from '../app/logger';
import { KernelPort } from '../programs/ports';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';

/** What a boot of the emulated kernel runs. */
export interface WorkloadChoice {
  readonly scenario: string;
  readonly seed: number;
  readonly speed: number;
  readonly rate: number;
}

/** The kernel's client, as far as booting anew goes. */
abstract class KernelBooter extends KernelPort {
  /** Resolves when the new boot runs, with programs and links restored. */
  abstract reboot(options?: Partial<WorkloadChoice>, reason?: string): Promise<void>;
}

type RestartMode = 'restart' | 'crash' | 'hang';

/** Starts, stops and changes what runs on the emulated cluster. */
export class WorkloadService {
  constructor(
    private readonly kernel: KernelBooter,
    private readonly log: Logger,
    /** What is to be done before a boot ends in good order. */
    private readonly beforeReboot: () => Promise<void> = async () => undefined,
  ) {}

  get(): Promise<Workload> {
    return this.kernel.call('workload.get', null);
  }

  /** Another scenario, seed or rate boots the emulated kernel anew. @throws CommandRefused `no-such-scenario` */
  async start(wanted: WorkloadStart): Promise<Workload> {
    const now = await this.get();
    if (wanted.scenario !== undefined) ensureScenario(now, wanted.scenario);
    if (isOther(wanted, now)) {
      await this.beforeReboot();
      await this.kernel.reboot(wanted, `workload ${wanted.scenario ?? now.scenario} was started`);
    }
    return this.kernel.call('workload.start', wanted);
  }

  stop(): Promise<Workload> {
    return this.kernel.call('workload.stop', null);
  }

  /** A stopped workload stays stopped. */
  async changeSpeed(speed: number): Promise<Workload> {
    const { state } = await this.get();
    const changed = await this.kernel.call('workload.start', { speed });
    return state === 'stopped' ? this.kernel.call('workload.stop', null) : changed;
  }

  /** Begins it; it is done when the kernel's state says so. @throws ThreadUnavailable it is restarting already */
  restartKernel(mode: RestartMode): void {
    const { state } = this.kernel.state;
    if (state === 'restarting') {
      throw new ThreadUnavailable('kernel-restarting', 'the emulated kernel is restarting already');
    }
    const begun =
      mode === 'restart'
        ? this.beforeReboot().then(() => this.kernel.reboot({}, 'a client asked for it'))
        : this.kernel.call('fault', { mode });
    begun.catch((error: unknown) => {
      // That is what a rehearsed failure looks like from here.
      if (error instanceof ThreadUnavailable) return;
      this.log.error(`restart of the kernel: ${error instanceof Error ? error.message : error}`);
    });
  }
}

function ensureScenario({ scenarios }: Workload, name: string): void {
  if (scenarios.some((scenario) => scenario.name === name)) return;
  const hint = `there are: ${scenarios.map((scenario) => scenario.name).join(', ')}`;
  throw new CommandRefused(diagnostic('no-such-scenario', `no scenario ${name}`, { hint, errno: 2 }));
}

function isOther(wanted: WorkloadStart, now: Workload): boolean {
  const keys = ['scenario', 'seed', 'rate'] as const;
  return keys.some((key) => wanted[key] !== undefined && wanted[key] !== now[key]);
}
