import type { BpffsEntry, PinRequest } from '@probed/protocol';
import type { BpffsRow } from '@probed/store';
import type { KernelPin } from '../kernel/commands';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import type { KernelPort, StorePort } from './ports';
import type { ProgramRegistry } from './program-registry';
import type { ProgramService } from './program-service';
import { applyRemains } from './remains';

export interface BpffsPlace {
  readonly path: string;
  readonly node?: string;
}

/** What changes bpffs: kernel and store together, one change at a time, as {@link ProgramService} does. */
export class BpffsService {
  constructor(
    private readonly kernel: KernelPort,
    private readonly store: StorePort,
    private readonly registry: ProgramRegistry,
    private readonly programs: ProgramService,
    private readonly now: () => Date = () => new Date(),
  ) {}

  async list(place: BpffsPlace & { readonly recursive: boolean }): Promise<BpffsEntry[]> {
    return [...(await this.kernel.call('bpffs.list', place))];
  }

  pin(request: PinRequest): Promise<BpffsEntry> {
    return this.made(() => this.kernel.call('bpffs.pin', request));
  }

  makeDirectory(place: BpffsPlace): Promise<BpffsEntry> {
    return this.made(() => this.kernel.call('bpffs.mkdir', place));
  }

  unpin(place: BpffsPlace): Promise<void> {
    return this.remove(place, 'pin');
  }

  removeDirectory(place: BpffsPlace): Promise<void> {
    return this.remove(place, 'dir');
  }

  private made(make: () => Promise<{ entry: BpffsEntry; pins: readonly KernelPin[] }>): Promise<BpffsEntry> {
    return this.programs.exclusively(async () => {
      const { entry, pins } = await make();
      const rows = pinRows(pins, this.now());
      try {
        await this.store.call('bpffs.save', { rows });
      } catch (error) {
        const nodes = pins.map(({ node }) => node);
        await this.kernel.call('bpffs.remove', { path: entry.path, nodes }).catch(() => undefined);
        throw error;
      }
      this.registry.pins.add(rows);
      return entry;
    });
  }

  private remove(place: BpffsPlace, kind: 'pin' | 'dir'): Promise<void> {
    return this.programs.exclusively(async () => {
      const found = await this.kernel.call('bpffs.check', { ...place, kind });
      await this.store.call('bpffs.delete', found);
      this.registry.pins.remove(found.path, found.nodes);
      try {
        const { remains } = await this.kernel.call('bpffs.remove', found);
        await applyRemains(this.store, this.registry, remains);
      } catch (error) {
        // A thread that dies meanwhile does not change the outcome: its next boot follows the store.
        if (!(error instanceof ThreadUnavailable || error instanceof CommandRefused)) throw error;
      }
    });
  }
}

/** As they are stored. */
export function pinRows(pins: readonly KernelPin[], now: Date): BpffsRow[] {
  const created_at = now.toISOString();
  return pins.map((pin) => ({ ...pin, created_at }));
}
