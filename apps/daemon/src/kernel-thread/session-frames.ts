import type { Cluster, ExecSession, SessionCommand } from '@probed/cluster';
import type { SessionCommand as WireCommand, ExecSession as WireSession } from '@probed/protocol';
import type { KernelFrame } from '../kernel/commands';

/** Wall time of a virtual time, RFC 3339; later ones may go by a clock that has been stepped. */
export type WallTime = (ns: number) => string;

/** Exec sessions and what ran in them, as they go over the wire: each begins at one time, however often it is told. */
export class SessionWire {
  private readonly started = new WeakMap<ExecSession, string>();
  /** Begin of the commands that run, by session and number. */
  private readonly running = new Map<string, string>();

  constructor(
    private readonly boot: string,
    private readonly wallTime: WallTime,
  ) {}

  session(session: ExecSession): WireSession {
    const { id, pod, namespace, container, node, command, tty, user, state, pid, commands } = session;
    const { endedNs, exitCode } = session;
    const started_at = this.started.get(session) ?? this.wallTime(session.startedNs);
    this.started.set(session, started_at);
    return {
      id,
      boot: this.boot,
      pod,
      namespace,
      container,
      node,
      command: [...command],
      tty,
      user,
      state,
      pid,
      started_at,
      ...(endedNs !== undefined && { ended_at: this.wallTime(endedNs) }),
      ...(exitCode !== undefined && { exit_code: exitCode }),
      commands,
    };
  }

  command(command: SessionCommand): WireCommand {
    const key = `${command.session}/${command.seq}`;
    const time = this.running.get(key) ?? this.wallTime(command.start_ns);
    if (command.end_ns === undefined && command.kind === 'exec') this.running.set(key, time);
    else this.running.delete(key);
    return { ...command, argv: [...command.argv], time };
  }
}

/** Sends what happens in exec sessions: their begin and end, what ran in them, what they print. */
export function sendSessions(cluster: Cluster, wire: SessionWire, push: (frame: KernelFrame) => void): void {
  cluster.onCommand((event) => {
    const { session } = event;
    if ('command' in event) {
      push({ type: 'command', command: wire.command(event.command) });
      return;
    }
    push({ type: 'session', session: wire.session(session) });
    if (event.kind === 'session_started')
      session.onOutput((stream, data) =>
        push({ type: 'output', session: session.id, stream, bytes: data.slice() }),
      );
    else push(exitFrame(session));
  });
}

function exitFrame({ id, exitCode = 0, failure }: ExecSession): KernelFrame {
  return { type: 'exit', session: id, exit_code: exitCode, ...(failure !== undefined && { error: failure }) };
}
