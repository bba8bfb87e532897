import type { SessionCommand } from '@probed/protocol';

/** A command with what it started. */
export interface CommandNode {
  readonly command: SessionCommand;
  readonly children: CommandNode[];
}

/** A command as a line of the table. */
export interface CommandRow {
  readonly command: SessionCommand;
  readonly depth: number;
}

/**
 * Who started what: a process belongs to the process that is its parent; what a shell started belongs to the line that
 * was entered at its prompt last; a second execve of a process belongs to its first one.
 */
export function commandTree(commands: readonly SessionCommand[]): readonly CommandNode[] {
  const roots: CommandNode[] = [];
  const processes = new Map<number, CommandNode>();
  const lines = new Map<number, CommandNode>();
  let lastLine: CommandNode | undefined;
  for (const command of [...commands].sort((a, b) => a.seq - b.seq)) {
    const node: CommandNode = { command, children: [] };
    const owner = ownerOf(command, processes, lines) ?? (command.kind === 'line' ? undefined : lastLine);
    (owner?.children ?? roots).push(node);
    if (command.kind === 'line') {
      lines.set(command.pid, node);
      lastLine = node;
    } else if (command.kind === 'exec') {
      processes.set(command.pid, node);
      // A process that has become another program is no shell any more.
      lines.delete(command.pid);
    }
  }
  return roots;
}

type Nodes = ReadonlyMap<number, CommandNode>;

function ownerOf(
  { kind, pid, ppid, start_ns }: SessionCommand,
  processes: Nodes,
  lines: Nodes,
): CommandNode | undefined {
  const own = living(processes.get(pid), start_ns);
  if (kind === 'line') return own;
  return lines.get(pid) ?? own ?? lines.get(ppid) ?? processes.get(ppid);
}

/** A pid that has ended may have been given again. */
function living(node: CommandNode | undefined, at: number): CommandNode | undefined {
  const end = node?.command.end_ns;
  return end === undefined || end > at ? node : undefined;
}

/** The tree in reading order. */
export function commandRows(nodes: readonly CommandNode[], depth = 0): readonly CommandRow[] {
  return nodes.flatMap(({ command, children }) => [{ command, depth }, ...commandRows(children, depth + 1)]);
}

/** Commands by number; of two states of one, the one that has ended. */
export function mergedCommands(
  known: readonly SessionCommand[],
  news: readonly SessionCommand[],
): readonly SessionCommand[] {
  const bySeq = new Map(known.map((command) => [command.seq, command]));
  for (const command of news) {
    const before = bySeq.get(command.seq);
    if (before?.end_ns === undefined || command.end_ns !== undefined) bySeq.set(command.seq, command);
  }
  return [...bySeq.values()].sort((a, b) => a.seq - b.seq);
}
