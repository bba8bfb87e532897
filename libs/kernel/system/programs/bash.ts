import { AF, O, SIGNAL, SOCK, TIOC } from '@probed/abi';
import type { Sys } from '../sched/task-program';
import type { UserContext } from '../user/context';
import type { Program } from '../user/programs';
import { type Command, parseLine } from './shell-line';

const SYMBOLS = [
  '_start',
  'main',
  'reader_loop',
  'parse_command',
  'yyparse',
  'execute_command',
  'execute_command_internal',
  'execute_simple_command',
  'execute_pipeline',
  'execute_disk_command',
  'shell_execve',
  'make_child',
  'wait_for',
  'readline',
  'readline_internal',
  'find_user_command',
  'expand_word_list',
  'run_exit_trap',
  'sh_xmalloc',
] as const;

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** State of one shell. */
class Shell {
  status = 0;
  done = false;
  constructor(
    readonly u: UserContext,
    readonly interactive: boolean,
  ) {}

  *run(line: string): Sys<void> {
    const { u } = this;
    yield* u.cpu(18_000 + line.length * 220, ['reader_loop', 'parse_command', 'yyparse']);
    // Where an error of a command jumps back to.
    u.probe('libc', 'setjmp', () => [u.buffer, 0, u.program.image.base]);
    for (const pipeline of parseLine(line)) {
      if (this.done) return;
      if (pipeline.onlyIf === 'ok' && this.status !== 0) continue;
      if (pipeline.onlyIf === 'failed' && this.status === 0) continue;
      if (pipeline.commands.length === 1) yield* this.simple(pipeline.commands[0]);
      else yield* this.pipeline(pipeline.commands);
    }
  }

  private *simple(command: Command): Sys<void> {
    const builtin = BUILTINS[command.words[0]];
    if (builtin) this.status = yield* builtin(this, command.words);
    else if (command.words.length > 0)
      this.status = yield* this.waitFor([yield* this.start(command, -1, -1)]);
  }

  private *pipeline(commands: readonly Command[]): Sys<void> {
    const { u } = this;
    const pids: number[] = [];
    let input = -1;
    for (let i = 0; i < commands.length; i++) {
      const last = i === commands.length - 1;
      const [read, write] = last ? [-1, -1] : yield* u.pipe();
      pids.push(yield* this.start(commands[i], input, write, read));
      if (input >= 0) yield* u.close(input);
      if (write >= 0) yield* u.close(write);
      input = read;
    }
    this.status = yield* this.waitFor(pids);
  }

  /** Forks a child with its descriptors in place, which execs. @returns its pid */
  private *start(command: Command, input: number, output: number, unused = -1): Sys {
    const { u } = this;
    yield* u.cpu(9_000, [
      'reader_loop',
      'execute_command',
      'execute_command_internal',
      'execute_simple_command',
    ]);
    yield* u.syscall('rt_sigprocmask', 0, u.room(8), u.room(8), 8);
    const path = yield* this.find(command.words[0]);
    const pid = yield* u.own('make_child', [u.str(command.words.join(' ')), 0], () =>
      u.fork((child) => this.child(child, command, path, input, output, unused)),
    );
    if (this.interactive && pid > 0) yield* u.setpgid(pid, pid);
    yield* u.syscall('rt_sigprocmask', 2, u.room(8), 0, 8);
    return pid;
  }

  private *child(
    u: UserContext,
    command: Command,
    path: string,
    input: number,
    output: number,
    unused: number,
  ): Sys {
    yield* u.getpid();
    if (this.interactive) yield* u.setpgid(0, 0);
    if (unused >= 0) yield* u.close(unused);
    if (input >= 0) {
      yield* u.dup2(input, 0);
      yield* u.close(input);
    }
    if (output >= 0) {
      yield* u.dup2(output, 1);
      yield* u.close(output);
    }
    for (const redirect of command.redirects) {
      const fd = yield* u.open(redirect.path, redirect.flags, 0o666);
      if (fd < 0) {
        yield* u.write(2, `bash: ${redirect.path}: cannot open\n`);
        return 1;
      }
      yield* u.dup2(fd, redirect.fd);
      yield* u.close(fd);
    }
    yield* u.signal(SIGNAL.SIGINT, 0);
    if (path === '') {
      yield* u.write(2, `bash: ${command.words[0]}: command not found\n`);
      return 127;
    }
    const failure = yield* u.own('shell_execve', [u.str(path)], () => u.exec(path, command.words));
    yield* u.write(2, `bash: ${path}: cannot execute (${failure})\n`);
    return 126;
  }

  /** Looks along PATH as bash does: a stat for each place. */
  private *find(name: string): Sys<string> {
    if (name.includes('/')) return name;
    const { u } = this;
    for (const dir of (u.getenv('PATH') ?? DEFAULT_PATH).split(':'))
      if ((yield* u.stat(`${dir}/${name}`)) === 0) {
        yield* u.access(`${dir}/${name}`, 1);
        return `${dir}/${name}`;
      }
    return '';
  }

  private *waitFor(pids: readonly number[]): Sys {
    let code = 0;
    for (const pid of pids) {
      if (pid < 0) return 1;
      const [, status] = yield* this.u.wait(pid);
      code = status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
    }
    if (this.interactive) yield* this.u.ioctl(2, TIOC.TIOCSPGRP);
    return code;
  }
}

type Builtin = (shell: Shell, words: readonly string[]) => Sys;

const BUILTINS: Readonly<Record<string, Builtin | undefined>> = {
  *cd({ u }, words) {
    const path = words[1] ?? u.getenv('HOME') ?? '/';
    yield* u.stat(path);
    const error = yield* u.chdir(path);
    if (error < 0) yield* u.write(2, `bash: cd: ${path}: No such file or directory\n`);
    return error < 0 ? 1 : 0;
  },
  *pwd({ u }) {
    const bytes = yield* u.getcwd();
    yield* u.write(1, `${u.text(u.buffer, Math.max(0, bytes - 1))}\n`);
    return 0;
  },
  *exit(shell, words) {
    shell.done = true;
    yield* shell.u.cpu(2_000, ['run_exit_trap']);
    return Number(words[1] ?? shell.status);
  },
  *echo({ u }, words) {
    yield* u.write(1, `${words.slice(1).join(' ')}\n`);
    return 0;
  },
  *export({ u }) {
    yield* u.cpu(1_500);
    return 0;
  },
};

/** readline(3): echoes what is typed and returns a malloc'ed line; NULL at end of input. */
function* readline(u: UserContext, prompt: string): Sys<string | undefined> {
  let line: string | undefined;
  yield* u.own('readline', [u.str(prompt)], function* () {
    yield* u.ioctl(0, TIOC.TCGETS);
    yield* u.ioctl(0, TIOC.TCSETSW);
    yield* u.write(2, prompt);
    let text = '';
    for (;;) {
      const bytes = yield* u.read(0, 1);
      if (bytes <= 0 && text === '') return 0;
      const char = bytes > 0 ? u.text(u.buffer, 1) : '\n';
      if (char === '\n') break;
      text += char;
      yield* u.cpu(1_200, ['readline_internal']);
    }
    yield* u.write(2, '\n');
    yield* u.ioctl(0, TIOC.TCSETSW);
    const at = yield* u.malloc(text.length + 1);
    u.k.user.writeText(u.task.mm!, at, text);
    line = text;
    return at;
  });
  return line;
}

function* startup(u: UserContext, interactive: boolean): Sys<void> {
  const tty = yield* u.open('/dev/tty', O.RDWR | O.NONBLOCK);
  if (tty >= 0) yield* u.close(tty);
  for (const call of ['getuid', 'getgid', 'geteuid', 'getegid', 'getpid', 'getppid', 'getpgrp'])
    yield* u.syscall(call);
  yield* u.uname();
  yield* u.stat('.');
  for (const signal of [SIGNAL.SIGCHLD, SIGNAL.SIGINT, SIGNAL.SIGQUIT])
    yield* u.syscall('rt_sigaction', signal, 0, 0, 8);
  if (!interactive) return;
  const fd = yield* u.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK);
  yield* u.connectUnix(fd, '/var/run/nscd/socket');
  yield* u.close(fd);
  for (const path of ['/etc/profile', '/etc/bash.bashrc', `${u.getenv('HOME') ?? '/root'}/.bashrc`]) {
    const rc = yield* u.open(path);
    if (rc < 0) continue;
    yield* u.fstat(rc);
    yield* u.read(rc, 4_096);
    yield* u.close(rc);
  }
  yield* u.ioctl(0, TIOC.TIOCGPGRP);
  yield* u.setpgid(0, 0);
  yield* u.ioctl(0, TIOC.TIOCSPGRP);
}

function* interactive(shell: Shell): Sys {
  const { u } = shell;
  while (!shell.done) {
    const line = yield* readline(u, '$ ');
    if (line === undefined) break;
    yield* shell.run(line);
  }
  return shell.status;
}

/** A script: read as a whole, run line by line. */
function* script(shell: Shell, path: string): Sys {
  const { u } = shell;
  const fd = yield* u.open(path);
  if (fd < 0) {
    yield* u.write(2, `bash: ${path}: No such file or directory\n`);
    return 127;
  }
  yield* u.ioctl(fd, TIOC.TCGETS);
  yield* u.lseek(fd, 0, 1);
  const bytes = yield* u.read(fd, 80);
  yield* u.lseek(fd, 0, 0);
  yield* u.dup2(fd, 255);
  yield* u.close(fd);
  yield* u.fcntl(255, 2, 1);
  const rest = yield* u.read(255, 65_536);
  const text = u.text(u.buffer, Math.max(bytes, rest, 0));
  for (const line of text.split('\n')) {
    if (shell.done) break;
    if (line.trim() && !line.startsWith('#')) yield* shell.run(line);
  }
  return shell.status;
}

function* main(u: UserContext): Sys {
  const at = u.argv.indexOf('-c');
  const path = u.argv.slice(1).find((arg) => !arg.startsWith('-'));
  const isInteractive = at < 0 && path === undefined;
  yield* startup(u, isInteractive);
  const shell = new Shell(u, isInteractive);
  if (at >= 0) {
    yield* shell.run(u.argv[at + 1] ?? '');
    return shell.status;
  }
  return path === undefined ? yield* interactive(shell) : yield* script(shell, path);
}

export const BASH: Program = {
  name: 'bash',
  main,
  image: {
    path: '/usr/bin/bash',
    aliases: ['/bin/bash', '/bin/sh', '/usr/bin/sh'],
    symbols: SYMBOLS,
    entry: ['_start', 'main'],
  },
  libraries: ['libtinfo'],
};
