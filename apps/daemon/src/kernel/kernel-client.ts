import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Observable, Subject } from 'rxjs';
import { ThreadUnavailable } from '../threads/rpc';
import { workerFile } from '../threads/worker-file';
import type { KernelCommands } from './commands';
import { FrameDelivery, type FrameHandler } from './frame-delivery';
import { type KernelEnd, KernelProcess, type LoadInHand } from './kernel-process';
import { RESTART_LIMITS, type RestartLimits, RestartPolicy } from './restart-policy';
import { QuietTime, WATCHDOG_LIMITS, type WatchdogLimits } from './watchdog';

/** What the kernel thread emulates. */
export interface KernelStartOptions {
  readonly scenario: string;
  readonly seed: number;
  /** Virtual seconds a second; 0: as fast as it goes. */
  readonly speed: number;
  /** Factor on the scenario's rates. */
  readonly rate: number;
  /** BTF file whose layout the nodes wear; the reference kernel's without. */
  readonly btf?: string;
  readonly release?: string;
}

/** How the kernel thread is, as health reports it. */
export interface KernelState {
  /**
   * `busy`: no sign of life for `busy_ms`; `restarting`: not up yet; `failed`: it ended too often, and is tried again
   * from time to time.
   */
  readonly state: 'running' | 'busy' | 'restarting' | 'failed';
  readonly busy_ms: number;
  /** Id of the boot, 12 hex digits. */
  readonly boot: string;
  /** RFC 3339. */
  readonly booted_at: string;
  /** Times that it ended without being asked to. */
  readonly restarts: number;
  /** Why it ended last, one line. */
  readonly last_error?: string;
}

/** What a restore is told. */
export interface RestoreInfo {
  /** 1, and more when the boots before did not come as far as running. */
  readonly attempt: number;
  /** Objects at whose load the thread ended twice and more while it was restored: better left out. */
  readonly suspects: readonly LoadInHand[];
}

export type Restore = (boot: string, info: RestoreInfo) => Promise<void>;

export interface KernelClientOptions {
  readonly watchdog?: Partial<WatchdogLimits>;
  readonly restart?: Partial<RestartLimits>;
  /** Compiled entry of the thread. */
  readonly workerFile?: string;
  /** Size of the ring through which frames come, a power of two; default 16 MiB. */
  readonly ringBytes?: number;
  /** Told of errors that a handler of frames throws. */
  readonly onFault?: (error: unknown) => void;
}

const CALL_MS = 5_000;
const LOAD_MS = 60_000;
const BOOT_ID_BYTES = 6;
/** Ends of the thread in the same load after which its object is suspect. */
const SUSPECT_AFTER = 2;

type Command = keyof KernelCommands & string;

/** Somebody who waits for the next boot to run. */
interface Waiter {
  resolve(): void;
  reject(error: Error): void;
  /** Options to go back to when the first boot with the new ones does not come to run. */
  readonly former?: KernelStartOptions;
}

/** The restore of one boot; what it does can be told by it from what others do. */
interface RestoreRun {
  readonly process: KernelProcess;
  active: boolean;
}

/**
 * The main thread's side of the kernel thread: boots it, calls it, takes its frames, watches it, and boots it again when
 * it ends or hangs. Every call settles: a thread that is gone or busy gives {@link ThreadUnavailable}.
 */
export class KernelClient {
  private readonly changed = new Subject<KernelState>();
  private readonly limits: WatchdogLimits;
  private readonly policy: RestartPolicy;
  private readonly delivery: FrameDelivery;
  private readonly restoring = new AsyncLocalStorage<RestoreRun>();
  private readonly loadEnds = new Map<number, { readonly load: LoadInHand; ends: number }>();
  private restore: Restore = async () => undefined;
  private startOptions: KernelStartOptions | undefined;
  private process: KernelProcess | undefined;
  private waiters: Waiter[] = [];
  private pause = new AbortController();
  /** The end of the current process is wanted. */
  private retiring = false;
  private stopped = false;
  /** User space has stopped the workload: another boot does not start it again. */
  private halted = false;
  private supervised: Promise<void> | undefined;
  /** Sees whether the current process lives. */
  private look: () => void = () => undefined;
  private current: KernelState = { state: 'restarting', busy_ms: 0, boot: '', booted_at: now(), restarts: 0 };

  constructor(private readonly options: KernelClientOptions = {}) {
    this.limits = { ...WATCHDOG_LIMITS, ...options.watchdog };
    this.policy = new RestartPolicy({ ...RESTART_LIMITS, ...options.restart });
    this.delivery = new FrameDelivery(options.onFault ?? ((error) => console.error(error)));
  }

  get state(): KernelState {
    return this.current;
  }

  /** The state whenever another one begins. */
  get changes(): Observable<KernelState> {
    return this.changed;
  }

  /**
   * Registers what brings programs and links back on each boot: called while the state is `restarting`, before virtual
   * time runs. Its calls get through, all others are refused meanwhile. An error that it throws is kept as `last_error`,
   * and the kernel runs without what is missing.
   */
  onBoot(restore: Restore): void {
    this.restore = restore;
  }

  /** Registers who takes frames, in order; the next ones come when its promise is settled. */
  consume(handler: FrameHandler): void {
    this.delivery.setHandler(handler);
  }

  /** Boots. Resolves when it runs; rejects when it has failed, though it goes on being tried. */
  async start(options: KernelStartOptions): Promise<void> {
    const file = this.options.workerFile ?? workerFile('kernel-thread');
    this.startOptions = options;
    const running = this.nextRun();
    this.supervised = this.supervise(file);
    await running;
  }

  /**
   * Has the kernel thread do something. After a time-out (5 s by default, loads 60 s) the command itself goes on.
   * Errors: {@link ThreadUnavailable} `kernel-busy`, `kernel-restarting`; CommandRefused.
   */
  async call<K extends Command>(
    command: K,
    params: KernelCommands[K]['params'],
    { timeoutMs = command === 'object.load' ? LOAD_MS : CALL_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<KernelCommands[K]['result']> {
    try {
      const result = await this.available().call(command, params, timeoutMs);
      this.note(command, params);
      return result;
    } catch (error) {
      if (error instanceof ThreadUnavailable && error.code === 'busy')
        throw new ThreadUnavailable('kernel-busy', error.message);
      throw error;
    }
  }

  /**
   * Boots anew, with other options if given; resolves when it runs. When it does not come as far with them, the former
   * ones are taken again and this rejects.
   */
  reboot(options: Partial<KernelStartOptions> = {}, reason = 'a reboot was asked for'): Promise<void> {
    const former = this.startOptions;
    if (!former || this.stopped)
      return Promise.reject(new ThreadUnavailable('kernel-restarting', 'the emulated kernel is not started'));
    this.startOptions = { ...former, ...options };
    this.halted = false;
    this.policy.forget();
    this.retire(reason);
    return this.nextRun(former);
  }

  /** Ends the thread; frames that it has sent are still delivered. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.retire('the daemon stops');
    for (const waiter of this.waiters.splice(0)) waiter.reject(new Error('the daemon stops'));
    await this.supervised;
    await this.delivery.drained();
    this.changed.complete();
  }

  /** The process that may be called now. */
  private available(): KernelProcess {
    const run = this.restoring.getStore();
    if (run?.active) return run.process;
    // It may have come back since the last look.
    if (this.current.state === 'busy') this.look();
    const { state, busy_ms, last_error } = this.current;
    if (state === 'running' && this.process) return this.process;
    if (state === 'busy') {
      const seconds = (busy_ms / 1_000).toFixed(1);
      throw new ThreadUnavailable('kernel-busy', `the emulated kernel has been busy for ${seconds} s`);
    }
    const why = last_error === undefined ? '' : ` (${last_error})`;
    const what = state === 'failed' ? 'has failed and is tried again later' : 'is being restarted';
    throw new ThreadUnavailable('kernel-restarting', `the emulated kernel ${what}${why}`);
  }

  /** What a later boot has to do as well. */
  private note(command: Command, params: unknown): void {
    if (command === 'workload.stop') this.halted = true;
    if (command !== 'workload.start' || !this.startOptions) return;
    this.halted = false;
    const { speed } = params as KernelCommands['workload.start']['params'];
    if (speed !== undefined) this.startOptions = { ...this.startOptions, speed };
  }

  private nextRun(former?: KernelStartOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiters.push({ resolve, reject, former });
    });
  }

  /** Ends the current process, and any wait for the next one. */
  private retire(reason: string): void {
    this.retiring = true;
    if (!this.stopped) this.set({ state: 'restarting', busy_ms: 0 });
    this.process?.terminate(reason);
    this.pause.abort();
  }

  /** Boots, and boots again, until stopped. */
  private async supervise(file: string): Promise<void> {
    for (let attempt = 1; !this.stopped; attempt++) {
      this.retiring = false;
      const process = this.spawn(file);
      const endFrames = this.delivery.follow(process.ring);
      const watch = this.watch(process);
      const startedMs = performance.now();
      const ran = await this.bringUp(process, attempt);
      const end = await process.ended;
      clearInterval(watch);
      endFrames();
      this.process = undefined;
      if (ran || this.retiring) attempt = 0;
      if (this.retiring) continue;
      await this.afterEnd(end, ran, ran ? performance.now() - startedMs : 0);
    }
  }

  private spawn(file: string): KernelProcess {
    const boot = randomBytes(BOOT_ID_BYTES).toString('hex');
    const epoch_ns = String(BigInt(Date.now()) * 1_000_000n);
    const bootData = { ...this.startOptions!, boot, epoch_ns };
    const process = new KernelProcess(file, bootData, this.options.ringBytes);
    this.process = process;
    this.set({ state: this.policy.failed ? 'failed' : 'restarting', busy_ms: 0, boot, booted_at: now() });
    return process;
  }

  /** From the start to running. @returns false when the process ended on the way */
  private async bringUp(process: KernelProcess, attempt: number): Promise<boolean> {
    try {
      await process.call('status', null);
      await Promise.race([this.restoreOn(process, attempt), process.ended]);
      if (!this.halted) await process.call('go', null);
    } catch (error) {
      process.terminate(messageOf(error));
    }
    if (process.isOver) return false;
    this.set({ state: 'running', busy_ms: 0 });
    for (const waiter of this.waiters.splice(0)) waiter.resolve();
    return true;
  }

  private async restoreOn(process: KernelProcess, attempt: number): Promise<void> {
    const run: RestoreRun = { process, active: true };
    const suspects = [...this.loadEnds.values()]
      .filter(({ ends }) => ends >= SUSPECT_AFTER)
      .map(({ load }) => load);
    try {
      await this.restoring.run(run, () => this.restore(this.current.boot, { attempt, suspects }));
    } catch (error) {
      if (!process.isOver) this.set({ last_error: `restoring programs: ${messageOf(error)}` });
    } finally {
      run.active = false;
    }
  }

  /** It ended by itself: says so, and waits until it is time for the next one. */
  private async afterEnd({ reason, loading }: KernelEnd, ran: boolean, ranMs: number): Promise<void> {
    const last_error = loading ? `while object ${loading.name} was loaded: ${reason}` : reason;
    if (loading && !ran) {
      const known = this.loadEnds.get(loading.object_id) ?? { load: loading, ends: 0 };
      this.loadEnds.set(loading.object_id, { ...known, ends: known.ends + 1 });
    }
    const delayMs = this.policy.ended(performance.now(), ranMs);
    const state = this.policy.failed ? 'failed' : 'restarting';
    this.set({ state, busy_ms: 0, restarts: this.current.restarts + 1, last_error });
    this.disappoint(ran, new Error(last_error));
    this.pause = new AbortController();
    const { signal } = this.pause;
    if (delayMs > 0 && !this.stopped) await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }

  /** Who waits for a boot with new options waits for that one boot; all others until there is no hope. */
  private disappoint(ran: boolean, error: Error): void {
    this.waiters = this.waiters.filter((waiter) => {
      const inVain = waiter.former !== undefined && !ran;
      if (inVain) this.startOptions = waiter.former;
      if (inVain || this.policy.failed) waiter.reject(error);
      return !inVain && !this.policy.failed;
    });
  }

  /** Looks from time to time whether the process lives. */
  private watch(process: KernelProcess): NodeJS.Timeout {
    const { busyMs, hangMs, loadHangMs, checkMs } = this.limits;
    const quiet = new QuietTime(performance.now(), checkMs);
    this.look = () => {
      const ms = quiet.look(process.beats, performance.now());
      const { state } = this.current;
      const isUp = state === 'running' || state === 'busy';
      if (isUp)
        this.set({ state: ms >= busyMs ? 'busy' : 'running', busy_ms: ms >= busyMs ? Math.round(ms) : 0 });
      if (ms >= (isUp && !process.isLoading ? hangMs : loadHangMs))
        process.terminate(`it showed no sign of life for ${Math.round(ms / 1_000)} s`);
    };
    return setInterval(() => this.look(), checkMs).unref();
  }

  private set(change: Partial<KernelState>): void {
    const before = this.current;
    this.current = { ...before, ...change };
    const { state, boot, last_error } = this.current;
    if (state !== before.state || boot !== before.boot || last_error !== before.last_error)
      this.changed.next(this.current);
  }
}

function now(): string {
  return new Date().toISOString();
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
