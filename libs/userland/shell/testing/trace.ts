import type { Kernel } from '@probed/system';

/** One execve, exit, open or write, with the process that made it. */
export interface TraceEvent {
  readonly what: 'fork' | 'exec' | 'exit' | 'open' | 'write' | 'connect';
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly session: string | undefined;
  /** argv of an exec, path of an open, text of a write, status of an exit, address of a connect. */
  readonly text: string;
  readonly fd?: number;
  readonly ns: number;
}

const decoder = new TextDecoder();

/** Records what an auditor would see, by the tracepoints that he would use. */
export function trace(kernel: Kernel): TraceEvent[] {
  const events: TraceEvent[] = [];
  const add = (what: TraceEvent['what'], text: string, fd?: number) => {
    const { pid, ppid, comm, execSession } = kernel.current();
    events.push({ what, pid, ppid, comm, session: execSession, text, fd, ns: kernel.nowNs() });
  };
  const user = (address: number, bytes: number) => kernel.user.read(kernel.task.mm!, address, bytes);
  const on = (group: string, name: string, listener: (fields: Record<string, number>) => void) =>
    kernel.hooks.tracepoint(group, name)!.record.add((fields) => listener(fields as Record<string, number>));
  on('sched', 'sched_process_exec', () => {
    const { argStart, argEnd } = kernel.task.mm!.marks;
    const bytes = user(argStart, argEnd - argStart);
    add('exec', decoder.decode(bytes).split('\0').slice(0, -1).join(' '));
  });
  on('sched', 'sched_process_exit', () => add('exit', String(kernel.task.exitCode >> 8)));
  on('sched', 'sched_process_fork', (f) => add('fork', String(f.child_pid)));
  on('syscalls', 'sys_enter_openat', (f) =>
    add('open', kernel.user.readText(kernel.task.mm!, f.filename, 4096) ?? ''),
  );
  on('syscalls', 'sys_enter_write', (f) => add('write', decoder.decode(user(f.buf, f.count)), f.fd));
  on('syscalls', 'sys_enter_connect', (f) => {
    const bytes = user(f.uservaddr, 16) ?? new Uint8Array(16);
    if (bytes[0] === 2) add('connect', `${bytes.slice(4, 8).join('.')}:${(bytes[2] << 8) | bytes[3]}`);
  });
  return events;
}
