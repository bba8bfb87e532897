import { ACCESS, S, strerror } from '@probed/abi';
import type { DrivenProcess, Sys, UserContext } from '@probed/system';
import type { ExecResult } from 'just-bash';
import { isType, readToEnd, statPath, writeAll } from '../os/io';

const NOT_FOUND = 127;
const CANNOT_EXECUTE = 126;
const decoder = new TextDecoder();

/** Looks a program up along PATH, as execvp(3) does. @returns '' when it is nowhere */
export function* findProgram(u: UserContext, name: string): Sys<string> {
  if (name.includes('/')) return name;
  for (const dir of (u.getenv('PATH') ?? '/usr/local/bin:/usr/bin:/bin').split(':')) {
    const path = `${dir || '.'}/${name}`;
    const stat = yield* statPath(u, path);
    if (typeof stat !== 'number' && isType(stat, S.IFREG) && (yield* u.access(path, ACCESS.X_OK)) === 0)
      return path;
  }
  return '';
}

/** execvp(3), with the message and status that tools give when it fails. */
export function* execProgram(u: UserContext, argv: readonly string[], env = u.program.envp): Sys {
  const tool = u.argv[0].slice(u.argv[0].lastIndexOf('/') + 1);
  const path = yield* findProgram(u, argv[0]);
  const error = path === '' ? -2 : yield* u.exec(path, argv, env);
  yield* writeAll(u, 2, `${tool}: ${argv[0]}: ${strerror(error)}\n`);
  return error === -2 ? NOT_FOUND : CANNOT_EXECUTE;
}

/** Runs a program with `input` as its standard input and gives back what it wrote. */
export async function runChild(
  process: DrivenProcess,
  argv: readonly string[],
  input: Uint8Array,
): Promise<ExecResult> {
  return process.run(function* (u) {
    const [inRead, inWrite] = yield* u.pipe();
    const [outRead, outWrite] = yield* u.pipe();
    const pid = yield* u.fork(function* (child) {
      yield* child.dup2(inRead, 0);
      yield* child.dup2(outWrite, 1);
      for (const fd of [inRead, inWrite, outRead, outWrite]) yield* child.close(fd);
      return yield* execProgram(child, argv);
    });
    yield* u.close(inRead);
    yield* u.close(outWrite);
    if (pid > 0 && input.length > 0) yield* feed(u, inWrite, outRead, input);
    yield* u.close(inWrite);
    const data = yield* readToEnd(u, outRead);
    yield* u.close(outRead);
    const [, status] = yield* u.wait(pid);
    const exitCode = status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
    const stdout = typeof data === 'number' ? '' : decoder.decode(data);
    return { stdout, stderr: '', exitCode };
  });
}

/** Input that may be more than a pipe holds is written by another process, so that nobody waits for himself. */
function* feed(u: UserContext, fd: number, other: number, input: Uint8Array): Sys<void> {
  if (input.length < 65_536) {
    yield* writeAll(u, fd, input);
    return;
  }
  yield* u.fork(function* (child) {
    yield* child.close(other);
    return (yield* writeAll(child, fd, input)) < 0 ? 1 : 0;
  });
}
