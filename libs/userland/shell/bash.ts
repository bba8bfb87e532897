import { AF, F, O, SIGNAL, SOCK, strerror, TIOC } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import type { JustBash } from './just-bash';
import { isIncomplete } from './language/complete';
import { completeLine } from './language/completion';
import { ExitShell, Interrupted, ShellFault } from './language/control';
import { LineEditor } from './language/line-editor';
import { promptText } from './language/prompt';
import { Shell, type ShellHooks } from './language/shell';
import { runToEnd } from './language/subshell';
import { reapJobs, setForeground } from './language/wait';
import { readFile, readText, writeAll } from './os/io';

const EINTR = -4;
const ENOENT = -2;
const SCRIPT_FD = 255;
const INPUT_CHUNK_BYTES = 4_096;
const LETTERS = 'abefhkmnptuvxBCEHPT';
const INTERRUPTED_STATUS = 130;

const decoder = new TextDecoder();

/** What a shell was started to do. */
interface Invocation {
  readonly command: string | undefined;
  readonly script: string | undefined;
  readonly positional: readonly string[];
  readonly letters: readonly string[];
  readonly forcedInteractive: boolean;
  readonly login: boolean;
  readonly norc: boolean;
  readonly problem?: string;
  readonly version: boolean;
}

function parseInvocation(argv: readonly string[]): Invocation {
  const letters: string[] = [];
  let wantsCommand = false;
  let forcedInteractive = false;
  let login = argv[0]?.startsWith('-') === true;
  let stdin = false;
  let norc = false;
  let version = false;
  let problem: string | undefined;
  let i = 1;
  for (; i < argv.length && /^[-+]./.test(argv[i]); i++) {
    const arg = argv[i];
    if (arg === '--') {
      i++;
      break;
    }
    if (arg.startsWith('--')) {
      if (arg === '--login') login = true;
      else if (arg === '--norc' || arg === '--noprofile' || arg === '--posix' || arg === '--noediting')
        norc ||= arg === '--norc';
      else if (arg === '--version') version = true;
      else problem = `${arg}: invalid option`;
      continue;
    }
    for (const letter of arg.slice(1)) {
      if (letter === 'c') wantsCommand = true;
      else if (letter === 'i') forcedInteractive = true;
      else if (letter === 'l') login = true;
      else if (letter === 's') stdin = true;
      else if (letter === 'o') letters.push(argv[++i] ?? '');
      else if (LETTERS.includes(letter)) letters.push(letter);
      else problem = `-${letter}: invalid option`;
    }
  }
  const rest = argv.slice(i);
  if (wantsCommand && rest.length === 0) problem ??= '-c: option requires an argument';
  const command = wantsCommand ? rest[0] : undefined;
  const script = wantsCommand || stdin ? undefined : rest[0];
  const positional = wantsCommand ? rest.slice(1) : stdin ? rest : rest.slice(1);
  return { command, script, positional, letters, forcedInteractive, login, norc, problem, version };
}

/** User mode of `bash` and `sh`. */
export function* bashMain(u: UserContext, module: JustBash, hooks: ShellHooks): Sys {
  const invocation = parseInvocation(u.argv);
  const shell = new Shell(u, module, hooks);
  shell.arg0 = (u.argv[0] ?? 'bash').replace(/^-/, '');
  if (invocation.problem) {
    yield* writeAll(u, 2, `${shell.arg0}: ${invocation.problem}\n`);
    return 2;
  }
  if (invocation.version) {
    yield* writeAll(u, 1, 'GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n');
    return 0;
  }
  yield* startup(u);
  const isTerminal = (yield* u.ioctl(0, TIOC.TCGETS)) === 0 && (yield* u.ioctl(2, TIOC.TCGETS)) === 0;
  const reads = invocation.command === undefined && invocation.script === undefined;
  shell.interactive = invocation.forcedInteractive || (reads && isTerminal);
  yield* shell.initialize();
  for (const letter of invocation.letters) shell.options.add(letter);
  if (shell.interactive) yield* takeOver(shell, isTerminal);
  return yield* runToEnd(shell, () => body(shell, invocation, isTerminal));
}

function* body(shell: Shell, invocation: Invocation, isTerminal: boolean): Sys<void> {
  const { command, script, positional } = invocation;
  if (invocation.login) yield* sourceIfThere(shell, '/etc/profile');
  if (shell.interactive && !invocation.norc)
    for (const path of ['/etc/bash.bashrc', `${shell.vars.get('HOME') ?? ''}/.bashrc`])
      yield* sourceIfThere(shell, path);
  if (command !== undefined) {
    if (positional.length > 0) shell.arg0 = positional[0];
    shell.positional = positional.slice(1);
    announce(shell, command);
    yield* shell.run.text(command);
  } else if (script !== undefined) {
    shell.arg0 = script;
    shell.positional = positional;
    yield* runScript(shell, script);
  } else {
    shell.positional = positional;
    if (shell.interactive && isTerminal) yield* interact(shell);
    else yield* runInput(shell);
  }
}

/** What every bash does first, as strace shows it. */
function* startup(u: UserContext): Sys<void> {
  const tty = yield* u.open('/dev/tty', O.RDWR | O.NONBLOCK);
  if (tty >= 0) yield* u.close(tty);
  for (const call of ['getuid', 'getgid', 'geteuid', 'getegid', 'getpid', 'getppid', 'getpgrp'])
    yield* u.syscall(call);
  yield* u.uname();
  yield* u.stat('.');
  for (const signal of [SIGNAL.SIGCHLD, SIGNAL.SIGINT, SIGNAL.SIGQUIT])
    yield* u.syscall('rt_sigaction', signal, 0, 0, 8);
}

/** An interactive shell leads a process group of its own, in the foreground, and outlives ^C. */
function* takeOver(shell: Shell, isTerminal: boolean): Sys<void> {
  const { u } = shell;
  // biome-ignore lint/correctness/useYield: a handler is user mode like any other
  yield* u.signal(SIGNAL.SIGINT, function* () {
    shell.interrupted = true;
  });
  yield* u.signal(SIGNAL.SIGTERM, 1);
  yield* u.signal(SIGNAL.SIGQUIT, 1);
  if (!isTerminal) return;
  const nscd = yield* u.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK);
  yield* u.connectUnix(nscd, '/var/run/nscd/socket');
  yield* u.close(nscd);
  yield* u.setpgid(0, 0);
  yield* setForeground(shell, u.task.signal.pgrp);
}

function* sourceIfThere(shell: Shell, path: string): Sys<void> {
  const data = yield* readFile(shell.u, path);
  if (typeof data === 'number') return;
  try {
    yield* shell.run.text(decoder.decode(data));
  } catch (error) {
    if (!(error instanceof ShellFault)) throw error;
    yield* writeAll(shell.u, 2, `${shell.arg0}: ${path}: ${error.message}\n`);
  }
  shell.status = 0;
}

/** A script: opened, sniffed at, moved to a high descriptor, read. */
function* runScript(shell: Shell, path: string): Sys<void> {
  const { u } = shell;
  const fd = yield* u.open(path);
  if (fd < 0) {
    yield* writeAll(u, 2, `bash: ${path}: ${strerror(fd)}\n`);
    throw new ExitShell(fd === ENOENT ? 127 : 126);
  }
  yield* u.ioctl(fd, TIOC.TCGETS);
  yield* u.lseek(fd, 0, 1);
  const head = yield* u.read(fd, 80);
  if (head < 0) {
    yield* writeAll(u, 2, `bash: ${path}: ${strerror(head)}\n`);
    throw new ExitShell(126);
  }
  if (u.peek(u.buffer, head).includes(0)) {
    yield* writeAll(u, 2, `${path}: ${path}: cannot execute binary file\n`);
    throw new ExitShell(126);
  }
  yield* u.lseek(fd, 0, 0);
  yield* u.dup2(fd, SCRIPT_FD);
  yield* u.close(fd);
  yield* u.fcntl(SCRIPT_FD, F.SETFD, 1);
  let text = '';
  for (let got = yield* u.read(SCRIPT_FD); got > 0; got = yield* u.read(SCRIPT_FD))
    text += u.text(u.buffer, got);
  yield* shell.run.text(text);
}

function announce(shell: Shell, line: string): void {
  shell.hooks.onLine?.({ pid: shell.u.task.pid, execSession: shell.execSession, line });
}

/** Commands from a pipe or file at standard input: each is run as soon as it is complete. */
function* runInput(shell: Shell): Sys<void> {
  let input = '';
  for (;;) {
    const line = yield* nextInputLine(shell);
    if (line !== undefined) input += line;
    const whole = line === undefined || !isIncomplete(shell.module, input);
    if (whole && input.trim() !== '') yield* runLine(shell, input.replace(/\n$/, ''));
    if (line === undefined) return;
    if (whole) input = '';
    shell.line++;
  }
}

function* nextInputLine(shell: Shell): Sys<string | undefined> {
  const { u } = shell;
  for (;;) {
    const at = shell.pendingInput.indexOf('\n');
    if (at >= 0) {
      const line = shell.pendingInput.slice(0, at + 1);
      shell.pendingInput = shell.pendingInput.slice(at + 1);
      return line;
    }
    const got = yield* u.read(0, INPUT_CHUNK_BYTES);
    if (got === EINTR) continue;
    if (got > 0) shell.pendingInput += u.text(u.buffer, got);
    else {
      const rest = shell.pendingInput;
      shell.pendingInput = '';
      return rest === '' ? undefined : rest;
    }
  }
}

/** One complete input. A fault ends it, not the shell. */
function* runLine(shell: Shell, text: string): Sys<void> {
  announce(shell, text);
  try {
    yield* shell.run.text(text);
  } catch (error) {
    if (error instanceof Interrupted) {
      shell.status = INTERRUPTED_STATUS;
      if (shell.interactive) yield* shell.run.error('\n');
    } else if (error instanceof ShellFault) {
      yield* shell.run.complain(error.message);
      shell.status = error.status;
    } else throw error;
  }
}

/** The read, run, print of a terminal session. */
function* interact(shell: Shell): Sys<void> {
  const user = yield* userName(shell);
  let input = '';
  for (;;) {
    shell.interrupted = false;
    yield* announceJobs(shell);
    const prompt = yield* promptText(shell, user, input === '' ? 'PS1' : 'PS2');
    const line = yield* readline(shell, prompt);
    if (line === undefined && input === '') break;
    if (line === null) {
      shell.status = INTERRUPTED_STATUS;
      input = '';
      yield* shell.run.error('\n');
      continue;
    }
    input += line === undefined ? '' : `${line}\n`;
    if (line !== undefined && isIncomplete(shell.module, input)) continue;
    const text = input.replace(/\n$/, '');
    input = '';
    if (text.trim() === '') continue;
    shell.remember(text);
    yield* runLine(shell, text);
    shell.line++;
  }
  yield* shell.run.error('exit\n');
}

function* announceJobs(shell: Shell): Sys<void> {
  if (shell.jobs.length === 0) return;
  yield* reapJobs(shell);
  for (const job of shell.jobs)
    if (job.status !== undefined)
      yield* shell.run.error(
        `[${job.number}]+  ${(job.status === 0 ? 'Done' : `Exit ${job.status}`).padEnd(23)} ${job.text}\n`,
      );
  shell.jobs = shell.jobs.filter((job) => job.status === undefined);
}

function* userName({ u }: Shell): Sys<string> {
  const passwd = (yield* readText(u, '/etc/passwd')) ?? '';
  const { euid } = u.task.cred.ids;
  const row = passwd.split('\n').find((line) => Number(line.split(':')[2]) === euid && line !== '');
  return row?.split(':')[0] ?? 'I have no name!';
}

/** readline(3): a malloc'ed line, NULL at the end of input. @returns undefined at the end, null on ^C */
function* readline(shell: Shell, prompt: string): Sys<string | undefined | null> {
  const { u } = shell;
  const editor = new LineEditor(u, prompt, {
    history: shell.history,
    complete: (line) => completeLine(shell, line),
  });
  let line: string | undefined | null;
  yield* u.own('readline', [u.str(prompt)], function* () {
    line = yield* editor.read();
    if (typeof line !== 'string') return 0;
    const at = yield* u.malloc(line.length + 1);
    u.k.user.writeText(u.task.mm!, at, line);
    return at;
  });
  return line;
}
