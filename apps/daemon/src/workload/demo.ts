import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '@probed/package';
import type { LoadOptions } from '@probed/protocol';
import type { Logger } from '../app/logger';
import type { KernelPort } from '../programs/ports';
import type { ProgramRegistry } from '../programs/program-registry';
import type { ProgramService } from '../programs/program-service';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';

/** Objects of `examples/` that the demo runs, with how they are loaded. */
const EXAMPLES: readonly { readonly name: string; readonly options?: Partial<LoadOptions> }[] = [
  { name: 'execaudit' },
  { name: 'podtrace' },
  { name: 'opensnoop' },
  { name: 'tcpconnect' },
  { name: 'syscount' },
];
/** The example that is told which containers to watch, and the map that it is told by. */
const WATCHER = 'podtrace';
const WATCHED_MAP = 'watched_cgroups';

/** The example programs, loaded where they are not yet. */
export class Demo {
  constructor(
    private readonly kernel: KernelPort,
    private readonly registry: ProgramRegistry,
    private readonly programs: ProgramService,
    private readonly log: Logger,
  ) {}

  /** What is loaded under an example's name, by whomever, stays as it is. */
  async load(): Promise<void> {
    const objects = this.registry.all().filter(({ state }) => state !== 'unloaded');
    const loaded = new Set(objects.map(({ row }) => row.name));
    for (const { name, options } of EXAMPLES) {
      if (loaded.has(name)) continue;
      const bytes = readFileSync(join(packageRoot(), 'examples', name, `${name}.bpf.o`));
      try {
        await this.programs.load({ bytes, options: { attach: true, ...options, name }, origin: 'demo' });
      } catch (error) {
        if (!(error instanceof CommandRefused || error instanceof ThreadUnavailable)) throw error;
        this.log.warn(`example ${name} was not loaded: ${error.message}`);
      }
    }
    await this.watchPods();
  }

  /** Puts every container into the watcher's map: maps begin empty at each boot. */
  async watchPods(): Promise<void> {
    const watcher = this.registry
      .all()
      .find(({ row, state }) => row.name === WATCHER && row.origin === 'demo' && state === 'loaded');
    const map = watcher?.maps.find(({ name }) => name === WATCHED_MAP);
    if (!map) return;
    for (const { node, containers } of await this.kernel.call('pod.list', null)) {
      if (!map.nodes.includes(node)) continue;
      for (const { cgroup_id } of containers) {
        const entry = { key: cgroup_id, value: 1, node, flags: 'any' } as const;
        await this.kernel.call('map.update', { map_id: map.id, ...entry });
      }
    }
  }
}
