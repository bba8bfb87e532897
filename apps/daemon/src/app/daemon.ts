import { formatDiagnostic } from '@probed/base';
import { packageVersion } from '@probed/package';
import type { BatchItem } from '@probed/protocol';
import { RecordPipeline } from '@probed/stream';
import type { Observable } from 'rxjs';
import type { DaemonConfig } from '../config/config';
import { StartFault } from '../config/config';
import { ExecOutputs } from '../exec/exec-outputs';
import { HealthService } from '../health/health-service';
import { KernelClient, type KernelState } from '../kernel/kernel-client';
import { BpffsService } from '../programs/bpffs-service';
import { MapArchive } from '../programs/map-archive';
import { PinnedContents } from '../programs/pinned-contents';
import { ProgramRegistry } from '../programs/program-registry';
import { ProgramService } from '../programs/program-service';
import { Restorer } from '../restore/restorer';
import { AccessControl } from '../security/access-control';
import { StoreClient } from '../store/store-client';
import { FrameRouter } from '../stream/frame-router';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';
import { Demo } from '../workload/demo';
import { ExecRunner } from '../workload/exec-runner';
import { WorkloadService } from '../workload/workload-service';
import type { StartFacts } from './banner';
import { ensurePort } from './listen';
import { takeLock } from './lock';
import { type Logger, stackOf } from './logger';
import { StateDir } from './state-dir';
import type { Web } from './web';

const MIB = 1_048_576;
const NO_CLIENTS = { clients: 0, subscriptions: 0, dropped: 0 };

/** All parts of a running daemon; it makes them, starts them in order, and stops them in reverse. */
export class Daemon {
  private readonly pipeline: RecordPipeline;
  private readonly kernel: KernelClient;
  private readonly store = new StoreClient();
  private readonly outputs = new ExecOutputs();
  private readonly registry: ProgramRegistry;
  private readonly programs: ProgramService;
  private readonly restorer: Restorer;
  private readonly archive: MapArchive;
  private readonly contents: PinnedContents;
  private readonly demo: Demo;
  private readonly health: HealthService;
  private readonly access: AccessControl;
  private readonly token: string;
  private web: Web | undefined;
  private readonly startedAt = new Date();
  private toldState: KernelState['state'] = 'restarting';

  private constructor(
    private readonly config: DaemonConfig,
    private readonly log: Logger,
    private readonly state: StateDir,
    private readonly unlock: () => void,
  ) {
    const { store } = this;
    const kernel = new KernelClient({ onFault: (error) => log.error(stackOf(error)) });
    this.kernel = kernel;
    this.pipeline = new RecordPipeline({
      append: (batch) => store.call('append', batch),
      // What the store thread neither refuses nor is too busy for is an entry that it can't take at all.
      isFinal: (error) => !(error instanceof CommandRefused || error instanceof ThreadUnavailable),
    });
    this.registry = new ProgramRegistry(kernel);
    this.programs = new ProgramService(kernel, store, this.registry);
    this.restorer = new Restorer(kernel, store, this.registry, this.programs, log);
    this.archive = new MapArchive(kernel, store, this.registry, log);
    this.contents = new PinnedContents(kernel, store, this.registry, log);
    this.demo = new Demo(kernel, this.registry, this.programs, log);
    this.health = new HealthService({
      kernel,
      ...(config.btf !== undefined && { btf: config.btf }),
      store: () => store.health(),
      records: () => this.pipeline.statistics,
      stream: () => this.web?.streamStatistics() ?? NO_CLIENTS,
    });
    this.token = state.adminToken();
    const { host, allowHosts, allowOrigins } = config;
    this.access = new AccessControl({ token: this.token, host, allowHosts, allowOrigins });
  }

  /**
   * Serves when it resolves.
   * @param onItems gets what is recorded, from the first item on
   * @throws StartFault the state directory, the database or the port can't be used
   */
  static async start(
    config: DaemonConfig,
    log: Logger,
    onItems: (items: Observable<readonly BatchItem[]>) => void,
  ): Promise<Daemon> {
    await ensurePort(config.host, config.port);
    const state = StateDir.open(config.stateDir);
    const unlock = takeLock(state.lockFile);
    let daemon: Daemon | undefined;
    try {
      daemon = new Daemon(config, log, state, unlock);
      onItems(daemon.pipeline.committed);
      await daemon.bringUp();
      return daemon;
    } catch (error) {
      await daemon?.stop();
      unlock();
      throw error;
    }
  }

  /** What to tell whoever has started it. */
  async facts(): Promise<StartFacts> {
    const { scenario, stateDir, trace } = this.config;
    const workload = await this.kernel.call('workload.get', null).catch(() => undefined);
    const objects = this.registry.all();
    return {
      version: packageVersion(),
      url: this.web!.url,
      token: this.token,
      scenario: workload?.scenario ?? scenario,
      nodes: workload?.nodes ?? ['no node yet'],
      objects: objects.map((object) => ({
        name: object.row.name,
        state: object.state,
        programs: object.programs.length,
      })),
      links: this.registry.listLinks().length,
      database: this.state.database,
      stateDir,
      seconds: process.uptime(),
      trace,
    };
  }

  /** Accepts nothing more, stores what there is, ends the threads. */
  async stop(): Promise<void> {
    this.archive.stop();
    this.state.retract();
    await this.web?.close();
    await this.contents.stop();
    await this.kernel.stop();
    await this.pipeline.close();
    await this.store.stop();
    this.unlock();
  }

  private async bringUp(): Promise<void> {
    // Both threads and the web side take a while, on different CPUs.
    const opened = this.openStore();
    const booted = this.bootKernel(opened);
    const loaded = loadWeb();
    await opened;
    await booted;
    const serveWeb = await loaded;
    this.web = await serveWeb({
      ...this.parts(),
      host: this.config.host,
      port: this.config.port,
    });
    this.state.announce({
      url: this.web.url,
      pid: process.pid,
      version: packageVersion(),
      started_at: this.startedAt.toISOString(),
    });
    this.archive.start();
    this.contents.start();
    if (this.config.demo) await this.demo.load();
  }

  private async openStore(): Promise<void> {
    const { recordsMax, dbMaxMb } = this.config;
    try {
      await this.store.start(this.state.database, {
        recordsMax,
        bytesMax: dbMaxMb * MIB,
        onNotice: (line) => this.log.warn(line),
      });
    } catch (error) {
      if (error instanceof CommandRefused) throw new StartFault(formatDiagnostic(error.diagnostic), 1);
      throw error;
    }
  }

  /** @param opened settles with the database, which tells what to restore */
  private async bootKernel(opened: Promise<void>): Promise<void> {
    const { scenario, seed, speed, rate, btf, release } = this.config;
    const router = new FrameRouter(this.pipeline, this.outputs);
    this.kernel.consume(router.handle);
    this.kernel.onBoot(async (boot, { suspects }) => {
      await opened;
      await this.beginBoot(boot);
      const { objects, failed } = await this.restorer.restore(
        new Set(suspects.map((load) => load.object_id)),
      );
      if (objects + failed > 0) this.log.debug(`boot ${boot}: ${objects} objects restored, ${failed} failed`);
      await this.demo.watchPods();
    });
    this.kernel.changes.subscribe((state) => this.tellState(state));
    try {
      await this.kernel.start({ scenario, seed, speed, rate, btf, release });
    } catch (error) {
      // It goes on being tried; health says so, and clients can see what is stored.
      this.log.error(`the emulated kernel does not boot: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** Records of a boot need it in the database; without, they wait for it. */
  private async beginBoot(boot: string): Promise<void> {
    const time = new Date().toISOString();
    try {
      await this.store.call('boot.begin', { boot, time });
      await this.store.call('session.mark_lost', { boot, time });
    } catch (error) {
      this.log.warn(
        `boot ${boot} was not entered in the database: ${error instanceof Error ? error.message : error}`,
      );
    }
  }

  /** Says each change of state once; the first boot goes without saying. */
  private tellState({ state, last_error, restarts }: KernelState): void {
    if (state === this.toldState) return;
    this.toldState = state;
    const why = last_error ? `: ${last_error}` : '';
    if (state !== 'running') this.log.warn(`the emulated kernel is ${state}${why}`);
    else if (this.web) this.log.info(`the emulated kernel runs again, restarts so far: ${restarts}`);
  }

  private parts() {
    const { log, access, kernel, store, registry, programs, health, pipeline, outputs } = this;
    const workload = new WorkloadService(kernel, log, () => this.contents.saveInTime());
    const bpffs = new BpffsService(kernel, store, registry, programs);
    const exec = new ExecRunner(kernel, outputs, pipeline.committed);
    return {
      log,
      access,
      kernel,
      store,
      registry,
      programs,
      bpffs,
      workload,
      exec,
      health,
      pipeline,
      outputs,
    };
  }
}

/** Nest and what comes with it take a third of a second to load. */
async function loadWeb() {
  const { serveWeb } = await import('./web.js');
  return serveWeb;
}
