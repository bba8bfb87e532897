import type { Sys } from '@probed/system';
import type { PartOf, ScriptNode } from '../just-bash';
import { readToEnd } from '../os/io';
import { ShellFault } from './control';
import type { Shell } from './shell';
import { runSubshell } from './subshell';

const decoder = new TextDecoder();

/** Runs a script in a subshell whose output comes back through a pipe. The status is left in `$?`. */
export function* captureOutput(shell: Shell, body: ScriptNode): Sys<string> {
  const { u } = shell;
  const [read, write] = yield* u.pipe();
  if (read < 0) throw new ShellFault('cannot make pipe for command substitution');
  const pid = yield* u.fork(function* (child) {
    yield* child.close(read);
    yield* child.dup2(write, 1);
    yield* child.close(write);
    return yield* runSubshell(shell, child, (copy) => copy.run.statements(body.statements, true));
  });
  yield* u.close(write);
  if (pid < 0) {
    yield* u.close(read);
    throw new ShellFault('fork: Resource temporarily unavailable');
  }
  const data = yield* readToEnd(u, read);
  yield* u.close(read);
  shell.status = yield* shell.run.waitFor(pid);
  shell.checkInterrupt();
  if (typeof data === 'number') throw new ShellFault('command substitution: output too large');
  return decoder.decode(data).replaceAll('\0', '').replace(/\n+$/, '');
}

/**
 * `<(list)`: a file that holds the list's output, as bash does where there is no /dev/fd. It stays until the shell
 * ends. `>(list)` is refused.
 */
export function* substitutionFile(shell: Shell, part: PartOf<'ProcessSubstitution'>): Sys<string> {
  if (part.direction === 'output') throw new ShellFault('process substitution for output is not supported');
  const { u } = shell;
  const path = `/tmp/sh-np.${u.task.thread.own}${u.k.aslr.below(1_000_000)}`;
  const pid = yield* u.fork(function* (child) {
    const fd = yield* child.open(path, 0o1101, 0o600);
    if (fd < 0) return 1;
    yield* child.dup2(fd, 1);
    yield* child.close(fd);
    return yield* runSubshell(shell, child, (copy) => copy.run.statements(part.body.statements, true));
  });
  if (pid > 0) yield* shell.run.waitFor(pid);
  return path;
}
