import { SIGNAL } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { BreakLoop, ContinueLoop, ExitShell, Interrupted, ReturnFrom, ShellFault } from './control';
import type { Shell } from './shell';

const INTERRUPTED_STATUS = 130;
const INTERNAL_STATUS = 2;

/** Runs part of a script in a forked copy of the shell. @returns its exit status */
export function* runSubshell(shell: Shell, u: UserContext, body: (copy: Shell) => Sys<void>): Sys {
  const copy = shell.fork(u);
  if (shell.interactive) yield* u.signal(SIGNAL.SIGINT, 0);
  return yield* runToEnd(copy, () => body(copy));
}

/** Runs to the end of a script or subshell, whatever ends it. @returns the exit status */
export function* runToEnd(shell: Shell, body: () => Sys<void>): Sys {
  try {
    yield* body();
  } catch (error) {
    shell.status = yield* statusOf(shell, error);
  }
  yield* runExitTrap(shell);
  return shell.status & 0xff;
}

/** An error of ours must not take the node with it: the host hears of it, the shell ends. */
function* statusOf(shell: Shell, error: unknown): Sys {
  if (error instanceof ExitShell || error instanceof ReturnFrom) return error.status;
  if (error instanceof BreakLoop || error instanceof ContinueLoop) return shell.status;
  if (error instanceof Interrupted) return INTERRUPTED_STATUS;
  if (error instanceof ShellFault) {
    yield* shell.run.complain(error.message);
    return error.status;
  }
  shell.u.k.drivers.onCrash?.(shell.u.task.pid, error);
  yield* shell.run.complain(`internal error: ${error instanceof Error ? error.message : String(error)}`);
  return INTERNAL_STATUS;
}

function* runExitTrap(shell: Shell): Sys<void> {
  const trap = shell.traps.get('EXIT');
  if (trap === undefined) return;
  shell.traps.delete('EXIT');
  const { status } = shell;
  try {
    yield* shell.run.text(trap);
    shell.status = status;
  } catch (error) {
    shell.status = yield* statusOf(shell, error);
  }
}
