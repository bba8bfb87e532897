import { Worker } from 'node:worker_threads';
import { formatDiagnostic } from '@probed/base';
import type { StoreHealth } from '@probed/protocol';
import type { Batch, StoreCommands, StoreStatus } from '@probed/store';
import { type Observable, Subject } from 'rxjs';
import { CommandRefused, RpcClient, ThreadUnavailable } from '../threads/rpc';
import { workerFile } from '../threads/worker-file';
import type { StoreBoot, StoreClose, StoreNote } from './messages';

/** `failing`: records can't be stored at the moment; `error` says why in one line. */
export interface StoreState {
  readonly state: StoreHealth['state'];
  readonly error?: string;
}

export interface StoreClientOptions {
  /** The oldest records beyond these limits are deleted. */
  readonly recordsMax: number;
  readonly bytesMax: number;
  /** How often that is looked after, ms. */
  readonly pruneEveryMs?: number;
  /** Takes a line for the log, e.g. that a damaged database was moved aside. */
  readonly onNotice?: (line: string) => void;
  /** See `DatabaseOptions` of lib `store`. */
  readonly pageCountMax?: number;
}

type CallOptions = { readonly timeoutMs?: number };

const PRUNE_EVERY_MS = 5_000;
/** An append has no time limit, since its records wait for it; when it takes this long, the store counts as failing. */
const APPEND_MS_MAX = 5_000;
/** Other calls give up after this long. */
const CALL_MS_MAX = 10_000;
const STATUS_MS_MAX = 2_000;
const STOP_MS_MAX = 5_000;
/** The thread is started again at once, then after pauses that double up to a maximum. */
const PAUSE_MS_MIN = 50;
const PAUSE_MS_MAX = 5_000;

const CLOSED: StoreState = { state: 'closed' };

/**
 * The store thread, as the main thread sees it. When the thread dies, the calls that wait for it reject with
 * ThreadUnavailable `store-restarting` and it is started again; an append may then be repeated, since a record is stored
 * once however often it is sent.
 */
export class StoreClient {
  private readonly subject = new Subject<StoreState>();
  private current: StoreState = CLOSED;
  private boot: StoreBoot | undefined;
  private onNotice: (line: string) => void = () => undefined;
  private worker: Worker | undefined;
  /** Set while the store is open. */
  private rpc: RpcClient<StoreCommands> | undefined;
  private pauseMs = PAUSE_MS_MIN;
  private restart: NodeJS.Timeout | undefined;
  private lastStatus: StoreStatus = { file: '', file_bytes: 0, records: 0 };

  /** @param entry compiled file of the thread */
  constructor(private readonly entry?: string) {}

  get state(): StoreState {
    return this.current;
  }

  /** Every change of {@link state}. */
  get changes(): Observable<StoreState> {
    return this.subject;
  }

  /**
   * Opens the database. @throws CommandRefused when it can't be opened; the client is `closed` then
   * @param file absolute path
   */
  async start(file: string, options: StoreClientOptions): Promise<void> {
    const { onNotice, pruneEveryMs = PRUNE_EVERY_MS, recordsMax, bytesMax, pageCountMax } = options;
    if (onNotice) this.onNotice = onNotice;
    this.lastStatus = { file, file_bytes: 0, records: 0 };
    this.boot = { file, recordsMax, bytesMax, pruneEveryMs, pageCountMax };
    try {
      await this.open(this.boot);
    } catch (error) {
      this.boot = undefined;
      throw error;
    }
  }

  /**
   * What it returns is committed.
   * @throws CommandRefused `store-full`, `store-io` … when the database does not take it, or a fault of the caller's;
   * ThreadUnavailable `store-restarting`, `store-busy`, `store-closed`
   */
  async call<K extends keyof StoreCommands & string>(
    command: K,
    params: StoreCommands[K]['params'],
    options: CallOptions = {},
  ): Promise<StoreCommands[K]['result']> {
    const { rpc } = this;
    if (!rpc) throw this.unavailable();
    if (command === 'append') return (await this.append(rpc, params as Batch)) as StoreCommands[K]['result'];
    try {
      return await rpc.call(command, params, { timeoutMs: options.timeoutMs ?? CALL_MS_MAX });
    } catch (error) {
      if (error instanceof ThreadUnavailable && error.code === 'busy')
        throw new ThreadUnavailable('store-busy', error.message);
      throw error;
    }
  }

  /** How the store is, answered even when the thread does not: with the last figures then. */
  async health(): Promise<Pick<StoreHealth, 'state' | 'error' | 'file' | 'file_bytes' | 'records'>> {
    try {
      this.lastStatus = await this.call('status', null, { timeoutMs: STATUS_MS_MAX });
    } catch (error) {
      if (!(error instanceof ThreadUnavailable))
        this.onNotice(`the store gives no figures: ${lineOf(error)}`);
    }
    return { ...this.current, ...this.lastStatus };
  }

  /** Closes the database after what it was asked before, and ends the thread. */
  async stop(): Promise<void> {
    this.boot = undefined;
    clearTimeout(this.restart);
    const { worker } = this;
    if (worker) {
      const gone = new Promise((resolve) => worker.once('exit', resolve));
      worker.postMessage({ close: true } satisfies StoreClose);
      const timer = setTimeout(() => void worker.terminate(), STOP_MS_MAX);
      await gone;
      clearTimeout(timer);
    }
    this.become(CLOSED);
  }

  private async append(rpc: RpcClient<StoreCommands>, batch: Batch): Promise<null> {
    const slow = setTimeout(
      () => this.fail(`the store has not committed anything for ${APPEND_MS_MAX / 1000} s`),
      APPEND_MS_MAX,
    );
    try {
      await rpc.call('append', withOwnBytes(batch));
      this.pauseMs = PAUSE_MS_MIN;
      if (this.rpc === rpc) this.become({ state: 'ok' });
      return null;
    } catch (error) {
      // A thread that is gone has been told already.
      if (!(error instanceof ThreadUnavailable)) this.fail(lineOf(error));
      throw error;
    } finally {
      clearTimeout(slow);
    }
  }

  /** Starts the thread. Resolves when the database is open; rejects when it can't be, or the thread dies before. */
  private open(boot: StoreBoot): Promise<void> {
    const worker = new Worker(this.entry ?? workerFile('store-thread'), { workerData: boot, name: 'store' });
    const rpc = new RpcClient<StoreCommands>(worker, 'store thread');
    this.worker = worker;
    return new Promise((resolve, reject) => {
      let cause: Error | undefined;
      worker.on('message', (message: Partial<StoreNote>) => {
        if (message.note === 'notice') this.onNotice(message.line as string);
        else if (message.note === 'refused' && message.diagnostic)
          reject(new CommandRefused(message.diagnostic));
        else if (message.note === 'opened') {
          // After stop() it is about to end.
          if (this.boot) {
            this.rpc = rpc;
            this.become({ state: 'ok' });
          }
          resolve();
        }
      });
      worker.on('error', (error: Error) => {
        cause = error;
      });
      worker.on('exit', (code) => {
        const why = cause ? cause.message : `exit code ${code}`;
        reject(cause ?? new Error(`the store thread ended before it had opened the database: ${why}`));
        this.gone(worker, rpc, why);
      });
    });
  }

  private gone(worker: Worker, rpc: RpcClient<StoreCommands>, why: string): void {
    if (this.worker !== worker) return;
    this.worker = undefined;
    const wasOpen = this.rpc === rpc;
    this.rpc = undefined;
    if (wasOpen && this.boot) {
      this.fail(`the store thread died and is started again: ${why.split('\n')[0]}`);
      this.onNotice(`the store thread died: ${why}`);
      this.restartSoon();
    }
    rpc.rejectAll(this.unavailable());
  }

  private restartSoon(): void {
    this.restart = setTimeout(async () => {
      const { boot } = this;
      if (!boot) return;
      try {
        await this.open(boot);
      } catch (error) {
        this.fail(lineOf(error));
        if (this.boot) this.restartSoon();
      }
    }, this.pauseMs);
    this.pauseMs = Math.min(this.pauseMs * 2, PAUSE_MS_MAX);
  }

  private unavailable(): ThreadUnavailable {
    return this.boot
      ? new ThreadUnavailable('store-restarting', 'the store thread is being started again')
      : new ThreadUnavailable('store-closed', 'the store is closed');
  }

  private fail(error: string): void {
    if (this.boot) this.become({ state: 'failing', error });
  }

  private become(state: StoreState): void {
    if (state.state === this.current.state && state.error === this.current.error) return;
    this.current = state;
    this.subject.next(state);
  }
}

function lineOf(error: unknown): string {
  if (error instanceof CommandRefused) return formatDiagnostic(error.diagnostic);
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}

/**
 * A copy of each record's bytes when they are a view of something larger: a message carries the whole buffer of a view,
 * and a shared one is not copied at all.
 */
function withOwnBytes(batch: Batch): Batch {
  if (!batch.records) return batch;
  const records = batch.records.map((row) =>
    row.raw.byteLength === row.raw.buffer.byteLength && row.raw.buffer instanceof ArrayBuffer
      ? row
      : { ...row, raw: Uint8Array.from(row.raw) },
  );
  return { ...batch, records };
}
