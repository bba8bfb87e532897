import type { SessionCommand } from '@probed/protocol';
import { printable } from '../output/cells';
import { formatTable } from '../output/columns';
import { clockTime } from '../output/record-table';

/** What ran in a session: each process under its parent, what a shell did by itself under the shell. */
export function commandTree(commands: readonly SessionCommand[]): string {
  return formatTable(
    [
      { title: 'TIME' },
      { title: 'PID', align: 'right' },
      { title: 'EXIT', align: 'right' },
      { title: 'TOOK', align: 'right' },
      { title: 'KIND' },
      { title: 'COMMAND' },
    ],
    inTreeOrder(commands).map(({ command, depth }) => [
      clockTime(command.time),
      String(command.pid),
      command.exit_code === undefined ? '-' : String(command.exit_code),
      durationText(command),
      command.kind,
      '  '.repeat(depth) + commandText(command),
    ]),
  );
}

interface Placed {
  readonly command: SessionCommand;
  readonly depth: number;
}

/** Parents before children, in the order in which they began. */
function inTreeOrder(commands: readonly SessionCommand[]): Placed[] {
  const roots: SessionCommand[] = [];
  const children = new Map<SessionCommand, SessionCommand[]>();
  const parents = new Parents();
  for (const command of [...commands].sort((a, b) => a.seq - b.seq)) {
    const parent = parents.of(command);
    if (parent) children.set(parent, [...(children.get(parent) ?? []), command]);
    else roots.push(command);
    parents.add(command);
  }
  const placed: Placed[] = [];
  const waiting: Placed[] = roots.map((command) => ({ command, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    placed.push(next);
    const below = (children.get(next.command) ?? []).map((command) => ({ command, depth: next!.depth + 1 }));
    waiting.push(...below.reverse());
  }
  return placed;
}

/** Who began what: a line that was entered stands between a shell and what the shell did about it. */
class Parents {
  /** The latest exec of each pid. */
  private readonly processes = new Map<number, SessionCommand>();
  /** The latest line of each shell, by its pid. */
  private readonly lines = new Map<number, SessionCommand>();

  of({ kind, pid, ppid }: SessionCommand): SessionCommand | undefined {
    if (kind === 'line') return this.processes.get(pid);
    const shell = kind === 'builtin' ? pid : ppid;
    return this.lines.get(shell) ?? this.processes.get(shell);
  }

  add(command: SessionCommand): void {
    const { kind, pid } = command;
    if (kind === 'line') this.lines.set(pid, command);
    if (kind !== 'exec') return;
    this.processes.set(pid, command);
    this.lines.delete(pid);
  }
}

/** What was typed at a prompt is text as it is; a process shows its arguments, and its file where that says more. */
function commandText({ kind, argv, filename, comm }: SessionCommand): string {
  if (kind === 'line') return `$ ${printable(argv[0] ?? '')}`;
  const line = printable(argv.join(' ')) || comm;
  const other = filename !== undefined && !argv[0]?.endsWith(filename.slice(filename.lastIndexOf('/') + 1));
  return other ? `${line}  [${printable(filename)}]` : line;
}

function durationText({ start_ns: start, end_ns: end }: SessionCommand): string {
  if (end === undefined) return '-';
  const ms = (end - start) / 1e6;
  return ms < 1000 ? `${ms.toFixed(1)} ms` : `${(ms / 1000).toFixed(2)} s`;
}
