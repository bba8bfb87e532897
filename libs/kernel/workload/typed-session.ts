import type { Prng } from '@probed/base';
import type { Cluster, ExecSession } from '@probed/cluster';
import type { Kernel } from '@probed/system';

/** What somebody types into a shell that they opened with `kubectl exec -it`. */
export interface ExecScript {
  readonly pod: string;
  readonly namespace: string;
  readonly container: string;
  /** Who it is. */
  readonly user: string;
  readonly command: readonly string[];
  readonly lines: readonly string[];
  /** Time to think before each line, on average, ns. */
  readonly thinkNs: number;
  /** From the start of one session to the next, ns. */
  readonly everyNs: number;
}

/** Sessions that are being typed. */
export interface TypedSessions {
  /** The one of now, if any. */
  readonly current: ExecSession | undefined;
  /** Types no more and ends the current session. */
  stop(): void;
}

export interface TypedSessionOptions {
  /** Id of the n-th session, from 1; by default made of the pod's name and n. */
  readonly newId?: (n: number) => string;
  /** Stops after so many; goes on for ever by default. */
  readonly sessions?: number;
}

const FIRST_AFTER_NS = 1.2e9;
/** Between two sessions at least. */
const REST_NS = 2e9;
const KEY_NS = 42e6;
/** How often somebody who waits for the prompt looks up. */
const LOOK_NS = 150e6;
/** After this long they type on all the same. */
const PATIENCE_NS = 12e9;
/** A shell at its prompt says nothing more than this at the end. */
const PROMPT = /[$#>] $/;
/** Output kept to see the prompt in. */
const TAIL_CHARS = 64;

/**
 * Opens the script's session and types its lines in virtual time, key by key, waiting for the shell's prompt as a
 * person does; then again, every `everyNs`.
 */
export function startTypedSession(
  cluster: Cluster,
  script: ExecScript,
  prng: Prng,
  options: TypedSessionOptions = {},
): TypedSessions {
  const typist = new Typist(cluster, script, prng.fork(`typist:${script.pod}`), options);
  typist.begin();
  return typist;
}

class Typist implements TypedSessions {
  current: ExecSession | undefined;
  private readonly kernel: Kernel;
  private readonly node: string;
  private stopped = false;
  private opened = 0;
  private tail = '';

  constructor(
    private readonly cluster: Cluster,
    private readonly script: ExecScript,
    private readonly prng: Prng,
    private readonly options: TypedSessionOptions,
  ) {
    const pod = cluster.findPod(script.pod, script.namespace);
    if (!pod) throw new Error(`invariant broken: the script's pod ${script.pod} is not there`);
    this.node = pod.node;
    this.kernel = pod.kernel;
  }

  begin(): void {
    this.later(FIRST_AFTER_NS, () => this.open());
  }

  stop(): void {
    this.stopped = true;
    this.current?.kill();
  }

  private open(): void {
    const { script } = this;
    const n = ++this.opened;
    const id = this.options.newId?.(n) ?? `${script.pod}-${n}`;
    const { pod, namespace, container, user, command } = script;
    const request = { id, pod, namespace, container, user, command, tty: true, stdin: true };
    const opened = this.cluster.exec(request);
    const startNs = this.kernel.nowNs();
    if (!opened.ok) {
      this.next(startNs);
      return;
    }
    const session = opened.value;
    this.current = session;
    this.tail = '';
    session.onOutput((_stream, data) => {
      this.tail = (this.tail + String.fromCharCode(...data.subarray(-TAIL_CHARS))).slice(-TAIL_CHARS);
    });
    session.onExit(() => {
      this.current = undefined;
      this.next(startNs);
    });
    this.line(session, 0);
    // Somebody who is still there by then gives up.
    this.later(script.everyNs, () => session.kill());
  }

  private next(startNs: number): void {
    if (this.options.sessions !== undefined && this.opened >= this.options.sessions) return;
    const waited = this.kernel.nowNs() - startNs;
    this.later(Math.max(REST_NS, this.script.everyNs - waited), () => this.open());
  }

  /** Thinks, waits for the prompt, types line `index`, and so on. */
  private line(session: ExecSession, index: number): void {
    const text = this.script.lines[index];
    if (text === undefined) return;
    const { thinkNs } = this.script;
    this.later(thinkNs * 0.4 + this.prng.exponential(thinkNs * 0.6), () => {
      this.atPrompt(session, this.kernel.nowNs() + PATIENCE_NS, () => {
        this.keys(session, `${text}\r`, 0, () => this.line(session, index + 1));
      });
    });
  }

  private atPrompt(session: ExecSession, untilNs: number, go: () => void): void {
    if (session.state !== 'running') return;
    if (PROMPT.test(this.tail) || this.kernel.nowNs() >= untilNs) go();
    else this.later(LOOK_NS, () => this.atPrompt(session, untilNs, go));
  }

  private keys(session: ExecSession, text: string, at: number, done: () => void): void {
    if (session.state !== 'running') return;
    session.write(text[at]);
    if (at + 1 === text.length) {
      done();
      return;
    }
    this.later(KEY_NS * 0.3 + this.prng.exponential(KEY_NS * 0.7), () =>
      this.keys(session, text, at + 1, done),
    );
  }

  private later(ns: number, run: () => void): void {
    const { kernel } = this;
    kernel.sched.at(kernel.nowNs() + ns, 0, () => {
      if (!this.stopped && this.cluster.node(this.node)?.ready) run();
    });
  }
}
