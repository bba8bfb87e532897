import type { Detach } from '@probed/hooks';
import type { Kernel } from '@probed/system';
import { type ExecSession, exitCodeOf } from './exec-session';
import type { BuiltinNote, LineNote, SessionCommand, SessionEvent } from './session-event';

type Task = Kernel['task'];

const decoder = new TextDecoder();

/**
 * Ground truth of what runs in exec sessions on one node, independent of loaded programs: every process of a session
 * that calls execve, also one that has left its terminal behind.
 *
 * It hangs at two tracepoints, and only while a process of some session lives: nothing is spent otherwise.
 */
export class NodeAudit {
  /** Sessions whose first process runs. */
  private running = 0;
  private detach: readonly Detach[] = [];
  /** Commands of each live process, by tgid. */
  private readonly open = new Map<number, SessionCommand[]>();

  constructor(
    private readonly kernel: Kernel,
    private readonly session: (id: string) => ExecSession | undefined,
    private readonly emit: (event: SessionEvent) => void,
  ) {}

  /** Whether it hangs at the tracepoints. */
  get attached(): boolean {
    return this.detach.length > 0;
  }

  started(): void {
    this.running++;
    if (this.attached) return;
    const { hooks } = this.kernel;
    this.detach = [
      hooks.tracepoint('sched', 'sched_process_exec')!.record.add((fields) => {
        this.onExec(this.kernel.task, String((fields as { filename?: unknown }).filename));
      }),
      hooks.tracepoint('sched', 'sched_process_exit')!.record.add((fields) => {
        if ((fields as { group_dead?: number }).group_dead) this.onGroupExit(this.kernel.task);
      }),
    ];
  }

  ended(): void {
    this.running--;
    this.rest(undefined);
  }

  noteLine(note: LineNote): void {
    const task = this.kernel.taskByPid(note.pid);
    this.note('line', note, { ppid: task?.ppid ?? 0, comm: task?.comm ?? '', argv: [note.line] });
  }

  noteBuiltin(note: BuiltinNote): void {
    const task = this.kernel.taskByPid(note.pid);
    const { argv, exit_code } = note;
    const end_ns = this.kernel.nowNs();
    this.note('builtin', note, { ppid: task?.ppid ?? 0, comm: task?.comm ?? '', argv, exit_code, end_ns });
  }

  private note(
    kind: 'line' | 'builtin',
    { pid, execSession }: { readonly pid: number; readonly execSession?: string },
    rest: Pick<SessionCommand, 'ppid' | 'comm' | 'argv' | 'exit_code' | 'end_ns'>,
  ): void {
    const session = execSession === undefined ? undefined : this.session(execSession);
    if (!session) return;
    const start_ns = this.kernel.nowNs();
    const command = { session: session.id, seq: ++session.commands, kind, pid, start_ns, ...rest };
    this.emit({ kind, session, command });
  }

  private onExec(task: Task, filename: string): void {
    const session = task.execSession === undefined ? undefined : this.session(task.execSession);
    if (!session) return;
    const command: SessionCommand = {
      session: session.id,
      seq: ++session.commands,
      kind: 'exec',
      pid: task.tgid,
      ppid: task.ppid,
      comm: task.comm,
      filename,
      argv: argvOf(this.kernel, task),
      cwd: workingDirectory(this.kernel, task),
      start_ns: this.kernel.nowNs(),
    };
    const commands = this.open.get(task.tgid);
    if (commands) commands.push(command);
    else this.open.set(task.tgid, [command]);
    this.emit({ kind: 'command_started', session, command });
  }

  /** The last thread of a process ends: so do all commands that it was. */
  private onGroupExit(task: Task): void {
    const commands = this.open.get(task.tgid);
    if (commands) {
      this.open.delete(task.tgid);
      const end_ns = this.kernel.nowNs();
      const exit_code = exitCodeOf(task.signal.groupExitCode);
      for (const command of commands) {
        const session = this.session(command.session);
        if (session)
          this.emit({ kind: 'command_exited', session, command: { ...command, end_ns, exit_code } });
      }
    }
    if (this.running === 0) this.rest(task);
  }

  /** Lets go of the tracepoints when nothing of any session is left. @param leaving is ending now */
  private rest(leaving: Task | undefined): void {
    if (this.running > 0) return;
    for (const task of this.kernel.allTasks())
      if (task !== leaving && task.execSession !== undefined && !task.exitState) return;
    for (const detach of this.detach) detach();
    this.detach = [];
  }
}

/** The argument vector as it lies in the process's memory, just after execve. */
function argvOf(kernel: Kernel, task: Task): string[] {
  const { mm } = task;
  if (!mm) return [];
  const { argStart, argEnd } = mm.marks;
  const bytes = kernel.user.read(mm, argStart, argEnd - argStart);
  const args = bytes ? decoder.decode(bytes).split('\0') : [];
  // Each argument ends with a NUL.
  return args.slice(0, -1);
}

function workingDirectory(kernel: Kernel, task: Task): string | undefined {
  return kernel.dPath(task.fs.offset + kernel.layout.fs['pwd.mnt'].offset);
}
