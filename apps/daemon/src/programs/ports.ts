import type { StoreCommands } from '@probed/store';
import type { KernelCommands } from '../kernel/commands';

/** What programs, restore and the API need of the kernel thread's client. */
export abstract class KernelPort {
  abstract readonly state: {
    readonly state: 'running' | 'busy' | 'restarting' | 'failed';
    readonly boot: string;
  };

  /** @throws CommandRefused a user's fault; ThreadUnavailable when the thread is busy, or not there */
  abstract call<K extends keyof KernelCommands & string>(
    command: K,
    params: KernelCommands[K]['params'],
    options?: { readonly timeoutMs?: number },
  ): Promise<KernelCommands[K]['result']>;
}

/** What they need of the store thread's client. */
export abstract class StorePort {
  abstract call<K extends keyof StoreCommands & string>(
    command: K,
    params: StoreCommands[K]['params'],
  ): Promise<StoreCommands[K]['result']>;
}
