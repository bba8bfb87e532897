import type { Sys, UserContext } from '@probed/system';
import type { PipelineNode } from '../just-bash';
import { ShellFault } from './control';
import type { Shell } from './shell';
import { runSubshell } from './subshell';
import { setForeground, waitForProcess } from './wait';

const INTERRUPTED_STATUS = 130;

/** One stage's place between its neighbours; -1 where there is none. */
interface Ends {
  readonly input: number;
  readonly output: number;
  /** The read end of the pipe to the next stage, which is not this one's business. */
  readonly next: number;
  readonly stderr: boolean;
}

/** Runs all stages at the same time, each in a process of its own with pipes between them. */
export function* runPipeline(shell: Shell, node: PipelineNode): Sys<void> {
  const { u, interactive } = shell;
  const pids: number[] = [];
  let input = -1;
  for (const [i, command] of node.commands.entries()) {
    const isLast = i === node.commands.length - 1;
    const [next, output] = isLast ? [-1, -1] : yield* u.pipe();
    if (next < 0 && !isLast) throw new ShellFault('pipe: Too many open files');
    const ends: Ends = { input, output, next, stderr: node.pipeStderr?.[i] === true };
    const group = pids[0] ?? 0;
    const pid = yield* u.fork(function* (child) {
      if (interactive) yield* child.setpgid(0, group);
      yield* connect(child, ends);
      return yield* runSubshell(shell, child, (copy) => copy.run.command(command, true));
    });
    if (pid < 0) throw new ShellFault('fork: Resource temporarily unavailable', 254);
    pids.push(pid);
    if (interactive) {
      yield* u.setpgid(pid, pids[0]);
      if (i === 0) yield* setForeground(shell, pid);
    }
    if (input >= 0) yield* u.close(input);
    if (output >= 0) yield* u.close(output);
    input = next;
  }
  yield* collect(shell, pids);
}

function* connect(u: UserContext, { input, output, next, stderr }: Ends): Sys<void> {
  if (next >= 0) yield* u.close(next);
  if (input >= 0) {
    yield* u.dup2(input, 0);
    yield* u.close(input);
  }
  if (output < 0) return;
  yield* u.dup2(output, 1);
  if (stderr) yield* u.dup2(output, 2);
  yield* u.close(output);
}

function* collect(shell: Shell, pids: readonly number[]): Sys<void> {
  const statuses: number[] = [];
  for (const pid of pids) statuses.push(yield* waitForProcess(shell, pid));
  if (shell.interactive) {
    yield* setForeground(shell, shell.u.task.signal.pgrp);
    if (statuses.includes(INTERRUPTED_STATUS)) shell.interrupted = true;
  }
  const last = statuses[statuses.length - 1];
  const failed = statuses.filter((status) => status !== 0);
  shell.status = shell.options.has('pipefail') ? (failed[failed.length - 1] ?? 0) : last;
  shell.setPipeStatus(statuses);
}
