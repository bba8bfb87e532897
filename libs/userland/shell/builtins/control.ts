import { SIGNAL, signalName, strerror } from '@probed/abi';
import type { Sys } from '@probed/system';
import { BreakLoop, ContinueLoop, ExitShell, ReturnFrom, ShellFault } from '../language/control';
import { findCommand, replaceByExternal } from '../language/external';
import { shellQuote } from '../language/parameter-ops';
import type { Shell } from '../language/shell';
import { reapJobs } from '../language/wait';
import { readFile } from '../os/io';
import { type BuiltinTable, fail, options, print } from './builtin';

const decoder = new TextDecoder();
const KEYWORDS = new Set(
  '! [[ ]] { } case do done elif else esac fi for function if in select then time until while'.split(' '),
);

function statusArgument(shell: Shell, words: readonly string[]): number {
  if (words[1] === undefined) return shell.status;
  if (!/^[+-]?\d+$/.test(words[1])) throw new ShellFault(`${words[1]}: numeric argument required`, 2);
  return Number(words[1]) & 0xff;
}

function* exit(shell: Shell, words: readonly string[]): Sys {
  if (shell.interactive) yield* shell.run.error('exit\n');
  let status: number;
  try {
    status = statusArgument(shell, words);
  } catch (error) {
    if (!(error instanceof ShellFault)) throw error;
    yield* shell.run.complain(`exit: ${error.message}`);
    status = 2;
  }
  yield* shell.u.cpu(2_000, ['run_exit_trap']);
  throw new ExitShell(status);
}

function levels(shell: Shell, words: readonly string[]): number {
  const count = Number(words[1] ?? 1);
  if (!(count >= 1)) throw new ShellFault(`${words[1]}: loop count out of range`);
  return Math.min(count, shell.loops);
}

function* source(shell: Shell, words: readonly string[]): Sys {
  const [command, name, ...args] = words;
  if (name === undefined) return yield* fail(shell, `${command}: filename argument required`, 2);
  const found = name.includes('/') ? name : (yield* findCommand(shell, name)) || name;
  const data = yield* readFile(shell.u, found);
  if (typeof data === 'number') return yield* fail(shell, `${name}: ${strerror(data)}`);
  const { positional, line } = shell;
  if (args.length > 0) shell.positional = args;
  try {
    shell.status = 0;
    yield* shell.run.text(decoder.decode(data));
  } catch (error) {
    if (!(error instanceof ReturnFrom)) throw error;
    shell.status = error.status;
  } finally {
    shell.positional = positional;
    shell.line = line;
  }
  return shell.status;
}

function* exec(shell: Shell, words: readonly string[]): Sys {
  let rest = words.slice(1);
  while (/^-[cla]$/.test(rest[0] ?? '')) rest = rest.slice(rest[0] === '-a' ? 2 : 1);
  if (rest.length === 0) return 0;
  const path = yield* findCommand(shell, rest[0]);
  if (path === '') {
    yield* fail(shell, `exec: ${rest[0]}: not found`);
    throw new ExitShell(127);
  }
  const status = yield* replaceByExternal(shell, {
    words: rest,
    path,
    actions: [],
    env: shell.vars.environment(),
  });
  throw new ExitShell(status);
}

/** What a name is to the shell: kind and, of a file, where. */
function* kindOf(shell: Shell, name: string): Sys<{ kind: string; text: string; path: string } | undefined> {
  const alias = shell.aliases.get(name);
  if (alias !== undefined)
    return { kind: 'alias', text: `${name} is aliased to \`${alias}'`, path: `alias ${name}='${alias}'` };
  if (KEYWORDS.has(name)) return { kind: 'keyword', text: `${name} is a shell keyword`, path: name };
  if (shell.functions.has(name)) return { kind: 'function', text: `${name} is a function`, path: name };
  if (shell.run.builtinNames().includes(name))
    return { kind: 'builtin', text: `${name} is a shell builtin`, path: name };
  const path = yield* findCommand(shell, name);
  if (path === '') return undefined;
  if (name.includes('/') && (yield* shell.u.access(path, 1)) < 0) return undefined;
  return { kind: 'file', text: `${name} is ${path}`, path };
}

function* type(shell: Shell, words: readonly string[]): Sys {
  const { flags, rest } = options(words, 'afptP');
  let status = 0;
  for (const name of rest) {
    const found = yield* kindOf(shell, name);
    if (!found) {
      status = 1;
      if (!flags.has('t') && !flags.has('p')) yield* fail(shell, `type: ${name}: not found`);
    } else if (flags.has('t')) yield* print(shell, `${found.kind}\n`);
    else if (flags.has('p') || flags.has('P'))
      yield* print(shell, found.kind === 'file' ? `${found.path}\n` : '');
    else yield* print(shell, `${found.text}\n`);
  }
  return status;
}

/** Runs a name as builtin or program, whatever function has it. */
function* runPlain(shell: Shell, words: readonly string[]): Sys {
  if (words.length === 0) return 0;
  const functions = shell.functions;
  shell.functions = new Map([...functions].filter(([name]) => name !== words[0]));
  try {
    yield* shell.run.text(words.map((word) => shellQuote(word)).join(' '));
  } finally {
    for (const [name, node] of functions) if (!shell.functions.has(name)) shell.functions.set(name, node);
  }
  return shell.status;
}

function* command(shell: Shell, words: readonly string[]): Sys {
  const { flags, rest } = options(words, 'pvV');
  if (!flags.has('v') && !flags.has('V')) return yield* runPlain(shell, rest);
  let status = 0;
  for (const name of rest) {
    const found = yield* kindOf(shell, name);
    if (!found) {
      status = 1;
      if (flags.has('V')) yield* fail(shell, `command: ${name}: not found`);
    } else yield* print(shell, `${flags.has('V') ? found.text : found.path}\n`);
  }
  return status;
}

function* alias(shell: Shell, words: readonly string[]): Sys {
  const show = (name: string, value: string) => `alias ${name}='${value}'\n`;
  if (words.length === 1)
    return yield* print(
      shell,
      [...shell.aliases]
        .sort()
        .map(([name, value]) => show(name, value))
        .join(''),
    );
  let status = 0;
  for (const word of words.slice(1)) {
    const at = word.indexOf('=');
    if (at > 0) shell.aliases.set(word.slice(0, at), word.slice(at + 1));
    else if (shell.aliases.has(word)) yield* print(shell, show(word, shell.aliases.get(word)!));
    else status = yield* fail(shell, `alias: ${word}: not found`);
  }
  return status;
}

const SIGNAL_NAMES = Object.entries(SIGNAL);

/** Number of `9`, `KILL` or `SIGKILL`. */
function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) <= 64 ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  return SIGNAL_NAMES.find(([known]) => known === name)?.[1];
}

const SIGNALS_A_LINE = 5;
const SIGNAL_MAX = 64;

/** As bash lists the real-time signals: the first two are the C library's own. */
function signalLabel(number: number): string | undefined {
  if (number < 34) return signalName(number)?.replace(/^SIGRT.*/, '') || undefined;
  if (number > SIGNAL_MAX) return undefined;
  const [from, offset] = number < 50 ? ['SIGRTMIN', number - 34] : ['SIGRTMAX', number - SIGNAL_MAX];
  return offset === 0 ? from : `${from}${offset > 0 ? '+' : ''}${offset}`;
}

/** `kill -l`: all signals, or names of numbers and exit statuses and numbers of names. */
function* listSignals(shell: Shell, asked: readonly string[]): Sys {
  if (asked.length === 0) {
    const numbers = Array.from({ length: SIGNAL_MAX }, (_none, i) => i + 1).filter(signalLabel);
    const cells = numbers.map((number, i) => {
      const end = i % SIGNALS_A_LINE === SIGNALS_A_LINE - 1 || i === numbers.length - 1 ? '\n' : '\t';
      return `${String(number).padStart(2)}) ${signalLabel(number)}${end}`;
    });
    return yield* print(shell, cells.join(''));
  }
  let status = 0;
  for (const one of asked) {
    const isNumber = /^\d+$/.test(one);
    const number = Number(one) > 128 ? Number(one) - 128 : Number(one);
    const found = isNumber ? signalLabel(number)?.replace(/^SIG/, '') : signalNumber(one);
    if (found === undefined) status = yield* fail(shell, `kill: ${one}: invalid signal specification`);
    else yield* print(shell, `${found}\n`);
  }
  return status;
}

function* kill(shell: Shell, words: readonly string[]): Sys {
  let rest = words.slice(1);
  let signal: number | undefined = SIGNAL.SIGTERM;
  if (rest[0] === '-l' || rest[0] === '-L') return yield* listSignals(shell, rest.slice(1));
  if (rest[0] === '-s' || rest[0] === '-n') {
    signal = signalNumber(rest[1] ?? '');
    rest = rest.slice(2);
  } else if (/^-./.test(rest[0] ?? '') && rest[0] !== '--') {
    signal = signalNumber(rest[0].slice(1));
    if (signal === undefined)
      return yield* fail(shell, `kill: ${rest[0].slice(1)}: invalid signal specification`);
    rest = rest.slice(1);
  }
  if (rest[0] === '--') rest = rest.slice(1);
  if (rest.length === 0 || signal === undefined)
    return yield* fail(shell, 'kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec ...', 2);
  let status = 0;
  for (const target of rest) {
    const pid = target.startsWith('%')
      ? jobPid(shell, target)
      : /^-?\d+$/.test(target)
        ? Number(target)
        : undefined;
    if (pid === undefined) {
      status = yield* fail(shell, `kill: ${target}: arguments must be process or job IDs`);
      continue;
    }
    const error = yield* shell.u.kill(pid, signal);
    if (error < 0) status = yield* fail(shell, `kill: (${target}) - ${strerror(error)}`);
  }
  return status;
}

function jobPid(shell: Shell, text: string): number | undefined {
  const number = Number(text.slice(1));
  const job = /^%\d+$/.test(text) ? shell.jobs.find((one) => one.number === number) : shell.jobs.at(-1);
  return job?.pid;
}

function* wait(shell: Shell, words: readonly string[]): Sys {
  const rest = words.slice(1).filter((word) => !word.startsWith('-'));
  if (rest.length === 0) {
    for (const job of [...shell.jobs]) yield* shell.run.waitFor(job.pid);
    return 0;
  }
  let status = 0;
  for (const word of rest) {
    const pid = word.startsWith('%') ? jobPid(shell, word) : Number(word);
    if (pid === undefined || !Number.isInteger(pid))
      return yield* fail(shell, `wait: \`${word}': not a pid or valid job spec`);
    status = yield* shell.run.waitFor(pid);
    if (status === 127) yield* fail(shell, `wait: pid ${pid} is not a child of this shell`);
  }
  return status;
}

function* jobs(shell: Shell): Sys {
  yield* reapJobs(shell);
  const all = [...shell.inheritedJobs, ...shell.jobs];
  const lines = all.map(({ number, status, text }, i) => {
    const mark = i === all.length - 1 ? '+' : i === all.length - 2 ? '-' : ' ';
    const state = status === undefined ? 'Running' : status === 0 ? 'Done' : `Exit ${status}`;
    return `[${number}]${mark}  ${state.padEnd(23)} ${text}${status === undefined ? ' &' : ''}\n`;
  });
  shell.jobs = shell.jobs.filter((job) => job.status === undefined);
  return yield* print(shell, lines.join(''));
}

function* trap(shell: Shell, words: readonly string[]): Sys {
  const { flags, rest } = options(words, 'lp');
  if (rest.length === 0 || flags.has('p')) {
    const lines = [...shell.traps].map(([name, text]) => `trap -- ${shellQuote(text)} ${name}\n`);
    return yield* print(shell, lines.join(''));
  }
  const [action, ...names] = rest.length === 1 ? ['-', ...rest] : rest;
  for (const given of names) {
    const number = given === '0' ? 0 : signalNumber(given);
    const name = /^(EXIT|ERR|DEBUG|RETURN)$/.test(given) ? given : number === 0 ? 'EXIT' : undefined;
    if (name === undefined && number === undefined)
      return yield* fail(shell, `trap: ${given}: invalid signal specification`);
    const key = name ?? SIGNAL_NAMES.find(([, value]) => value === number)![0];
    if (action === '-') shell.traps.delete(key);
    else shell.traps.set(key, action);
    if (number) yield* installTrap(shell, number, action);
  }
  return 0;
}

function* installTrap(shell: Shell, number: number, action: string): Sys<void> {
  const { u } = shell;
  if (action === '-' || action === '') yield* u.signal(number, action === '' ? 1 : 0);
  else
    yield* u.signal(number, function* () {
      const { status } = shell;
      yield* shell.run.text(action);
      shell.status = status;
    });
}

function minutes(ns: number): string {
  const seconds = ns / 1e9;
  return `${Math.floor(seconds / 60)}m${(seconds % 60).toFixed(3)}s`;
}

export const CONTROL: BuiltinTable = {
  ':': () => 0,
  true: () => 0,
  false: () => 1,
  exit,
  logout: exit,
  return(shell, words) {
    throw new ReturnFrom(statusArgument(shell, words));
  },
  break(shell, words) {
    if (shell.loops === 0) return 0;
    throw new BreakLoop(levels(shell, words));
  },
  continue(shell, words) {
    if (shell.loops === 0) return 0;
    throw new ContinueLoop(levels(shell, words));
  },
  *eval(shell, words) {
    shell.status = 0;
    yield* shell.run.text(words.slice(1).join(' '));
    return shell.status;
  },
  source,
  '.': source,
  exec,
  type,
  command,
  builtin: (shell, words) => runPlain(shell, words.slice(1)),
  alias,
  *unalias(shell, words) {
    if (words[1] === '-a') shell.aliases.clear();
    let status = 0;
    for (const name of words.slice(1))
      if (name !== '-a' && !shell.aliases.delete(name))
        status = yield* fail(shell, `unalias: ${name}: not found`);
    return status;
  },
  kill,
  wait,
  jobs,
  trap,
  disown(shell) {
    shell.jobs = [];
    return 0;
  },
  *fg(shell) {
    return yield* fail(shell, 'fg: no job control');
  },
  *bg(shell) {
    return yield* fail(shell, 'bg: no job control');
  },
  *hash(shell, words) {
    let status = 0;
    for (const name of words.slice(1))
      if (!name.startsWith('-') && (yield* findCommand(shell, name)) === '')
        status = yield* fail(shell, `hash: ${name}: not found`);
    return status;
  },
  *umask(shell, words) {
    const before = yield* shell.u.umask(
      words[1] && /^[0-7]+$/.test(words[1]) ? Number.parseInt(words[1], 8) : 0,
    );
    if (words[1] !== undefined) return 0;
    yield* shell.u.umask(before);
    return yield* print(shell, `${before.toString(8).padStart(4, '0')}\n`);
  },
  *ulimit(shell, words) {
    return yield* print(shell, words[1] === '-n' ? '65536\n' : 'unlimited\n');
  },
  *times(shell) {
    const { utimeNs, stimeNs, signal } = shell.u.task;
    const row = (user: number, system: number) => `${minutes(user)} ${minutes(system)}\n`;
    return yield* print(shell, row(utimeNs, stimeNs) + row(signal.cutimeNs, 0));
  },
  shopt(shell, words) {
    const { flags, rest } = options(words, 'supqo');
    for (const name of rest) {
      if (flags.has('s')) shell.shopt.add(name);
      else if (flags.has('u')) shell.shopt.delete(name);
    }
    return flags.has('q') && !rest.every((name) => shell.shopt.has(name)) ? 1 : 0;
  },
  enable: () => 0,
  *help(shell) {
    const names = [...shell.run.builtinNames()].sort();
    return yield* print(
      shell,
      `GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nBuiltins: ${names.join(' ')}\n`,
    );
  },
};
