import { TIOC, WAIT } from '@probed/abi';
import type { Sys } from '@probed/system';
import type { Shell } from './shell';

const EINTR = -4;
const SIGNALLED = 128;

/** Exit status as `$?` shows it: the code, or 128 and the signal. */
function exitStatus(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal ? SIGNALLED + signal : (waitStatus >> 8) & 0xff;
}

/** wait4 for one child, again and again when signals interrupt it. @returns its exit status, 127 when it is not ours */
export function* waitForProcess(shell: Shell, pid: number): Sys {
  const known = shell.jobs.find((job) => job.pid === pid);
  if (known?.status !== undefined) {
    shell.jobs = shell.jobs.filter((job) => job !== known);
    return known.status;
  }
  for (;;) {
    const [got, status] = yield* shell.u.wait(pid);
    if (got === EINTR) continue;
    shell.jobs = shell.jobs.filter((job) => job !== known);
    return got === pid ? exitStatus(status) : 127;
  }
}

/** Buries background jobs that have ended. */
export function* reapJobs(shell: Shell): Sys<void> {
  for (const job of shell.jobs) {
    if (job.status !== undefined) continue;
    const [got, status] = yield* shell.u.wait(job.pid, WAIT.WNOHANG);
    if (got === job.pid) job.status = exitStatus(status);
    else if (got < 0) job.status = 127;
  }
}

/** tcsetpgrp(3) on the shell's terminal. */
export function* setForeground(shell: Shell, group: number): Sys<void> {
  const { u } = shell;
  const at = u.room(4);
  u.k.user.write32(u.task.mm!, at, group);
  yield* u.syscall('ioctl', 2, TIOC.TIOCSPGRP, at);
}
