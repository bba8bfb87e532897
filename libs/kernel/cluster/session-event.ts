import type { ExecSession } from './exec-session';

/** What ran in an exec session, in the form that records carry it. Times are CLOCK_MONOTONIC of the cluster, ns. */
export interface SessionCommand {
  readonly session: string;
  /** Counts the session's commands from 1. */
  readonly seq: number;
  /** `exec`: a process called execve; `builtin`: the shell itself did it; `line`: entered at the shell's prompt. */
  readonly kind: 'exec' | 'builtin' | 'line';
  /** In the node's pid namespace. */
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  /** The whole argument vector; of a `line`, its text alone. */
  readonly argv: readonly string[];
  /** Path given to execve. */
  readonly filename?: string;
  readonly cwd?: string;
  readonly start_ns: number;
  /** Set once the process has ended. All execs of one process end with it. */
  readonly end_ns?: number;
  /** Exit code, or 128 + the number of the signal that ended it. */
  readonly exit_code?: number;
}

/** What happens in exec sessions, in order. */
export type SessionEvent =
  | { readonly kind: 'session_started' | 'session_ended'; readonly session: ExecSession }
  | {
      /** A `command_exited` repeats its `command_started` with end and exit code. */
      readonly kind: 'command_started' | 'command_exited' | 'line' | 'builtin';
      readonly session: ExecSession;
      readonly command: SessionCommand;
    };

/** What was entered at the prompt of a session's shell. */
export interface LineNote {
  readonly pid: number;
  readonly execSession?: string;
  readonly line: string;
}

/** A command that a session's shell did itself. */
export interface BuiltinNote {
  readonly pid: number;
  readonly execSession?: string;
  readonly argv: readonly string[];
  readonly exit_code: number;
}
