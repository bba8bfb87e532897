import type { BatchItem, ExecBody, ExecResult, ExecSession } from '@probed/protocol';
import { firstValueFrom, type Observable, ReplaySubject, timeout } from 'rxjs';
import type { ExecOutputs } from '../exec/exec-outputs';
import type { CollectedOutput } from '../exec/output-collection';
import { newSessionId } from '../exec/session-id';
import { KernelPort } from '../programs/ports';
import { CommandRefused, ThreadUnavailable } from '../threads/rpc';

interface ExecLimits {
  /** A killed session has this long to end, ms. */
  readonly killMs: number;
  /** The record of a session's end has this long to be stored, ms. */
  readonly storeMs: number;
}

const LIMITS: ExecLimits = { killMs: 5_000, storeMs: 2_000 };

/** Runs a command in a container and waits for its end. */
export class ExecRunner {
  /** @param items what is recorded, once it is stored */
  constructor(
    private readonly kernel: KernelPort,
    private readonly outputs: Pick<ExecOutputs, 'collect'>,
    private readonly items: Observable<readonly BatchItem[]>,
    private readonly limits: ExecLimits = LIMITS,
  ) {}

  /**
   * The session's end is stored when this resolves, so that whoever asks for the session then finds it.
   * @throws CommandRefused no such pod or container; ThreadUnavailable the kernel went away under it
   */
  async run({ timeout_s, stdin, ...start }: ExecBody): Promise<ExecResult> {
    const id = newSessionId();
    const output = this.outputs.collect(id);
    const ending = new AbortController();
    const ended = this.endOf(id, ending.signal);
    try {
      const request = { ...start, id, tty: false, stdin: stdin !== undefined };
      const session = await this.kernel.call('exec.start', request);
      if (stdin !== undefined) await this.feed(id, stdin);
      const { timed_out, collected } = await this.inTime(id, output.done, timeout_s);
      const { stdout, stderr, truncated, exit_code } = collected;
      const last = (await ended(this.limits.storeMs)) ?? { ...session, state: 'exited' as const, exit_code };
      return { session: last, stdout, stderr, truncated, timed_out };
    } finally {
      output.cancel();
      ending.abort();
    }
  }

  /** A command that does not read its input may have ended before it came. */
  private async feed(session: string, stdin: string): Promise<void> {
    const bytes = new TextEncoder().encode(stdin);
    try {
      if (bytes.length > 0) await this.kernel.call('exec.input', { session, bytes });
      await this.kernel.call('exec.eof', { session });
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
    }
  }

  /** @throws ThreadUnavailable it does not even end when it is killed, as while virtual time stands still */
  private async inTime(
    session: string,
    done: Promise<CollectedOutput>,
    timeoutS: number,
  ): Promise<{ timed_out: boolean; collected: CollectedOutput }> {
    let timed_out = false;
    const timers: NodeJS.Timeout[] = [];
    const after = (ms: number, act: () => void) => timers.push(setTimeout(act, ms));
    const neverEnds = new Promise<never>((_, reject) => {
      after(timeoutS * 1_000, () => {
        timed_out = true;
        this.kernel.call('exec.kill', { session }).catch(() => undefined);
        after(this.limits.killMs, () =>
          reject(new ThreadUnavailable('kernel-busy', `exec session ${session} does not end`)),
        );
      });
    });
    try {
      const collected = await Promise.race([done, neverEnds]);
      return { timed_out, collected };
    } finally {
      timers.forEach(clearTimeout);
    }
  }

  /** Listens from now on. @returns waits for the session as it was at its end; undefined when that takes too long */
  private endOf(id: string, signal: AbortSignal): (ms: number) => Promise<ExecSession | undefined> {
    const ended = new ReplaySubject<ExecSession>(1);
    const subscription = this.items.subscribe((batch) => {
      for (const item of batch) {
        if (item.type !== 'session' || item.session.id !== id) continue;
        if (item.session.state !== 'running') ended.next(item.session);
      }
    });
    signal.addEventListener('abort', () => subscription.unsubscribe());
    return (ms) => firstValueFrom(ended.pipe(timeout(ms))).catch(() => undefined);
  }
}
