import { strerror, TIOC } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { decodeEscapes, formatText } from '../builtins/output';
import { type Accounts, readAccounts } from '../os/accounts';
import { currentDirectory, readText, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { formatDate, parseDate } from './date-format';
import { execProgram, findProgram } from './run-child';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const NS = 1e9;

function named(number: number, name: string | undefined): string {
  return name === undefined ? String(number) : `${number}(${name})`;
}

function* id(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { options, operands, unknown } = parseArguments(run.args, 'ugGnrz', '', {
    user: 'u',
    group: 'g',
    name: 'n',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  yield* u.geteuid();
  yield* u.getuid();
  const accounts = yield* readAccounts(u);
  const { ids } = u.task.cred;
  const uid = operands[0] === undefined ? ids.euid : accounts.uid(operands[0]);
  if (uid === undefined) return yield* run.fail(`'${operands[0]}': no such user`);
  const gid = operands[0] === undefined ? ids.egid : (accounts.primaryGroup(uid) ?? uid);
  run.print(`${idText(options, uid, gid, accounts)}\n`);
  return 0;
}

function idText(options: ReadonlyMap<string, string>, uid: number, gid: number, accounts: Accounts): string {
  if (options.has('u')) return options.has('n') ? (accounts.user(uid) ?? String(uid)) : String(uid);
  if (options.has('g') || options.has('G'))
    return options.has('n') ? (accounts.group(gid) ?? String(gid)) : String(gid);
  const group = named(gid, accounts.group(gid));
  return `uid=${named(uid, accounts.user(uid))} gid=${group} groups=${group}`;
}

function* whoami(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  const uid = yield* run.u.geteuid();
  const name = (yield* readAccounts(run.u)).user(uid);
  if (name === undefined) return yield* run.fail(`cannot find name for user ID ${uid}`);
  run.print(`${name}\n`);
  return 0;
}

function* groups(run: ToolRun): Sys {
  const accounts = yield* readAccounts(run.u);
  const { egid } = run.u.task.cred.ids;
  run.print(`${accounts.group(egid) ?? egid}\n`);
  return 0;
}

function* hostname(run: ToolRun): Sys {
  const { u } = run;
  yield* u.uname();
  const name = u.task.nsproxy.all.uts.nodename;
  if (run.args[0] === '-i' || run.args[0] === '-I') {
    const hosts = (yield* readText(u, '/etc/hosts')) ?? '';
    const row = hosts.split('\n').find((line) => line.split(/\s+/).slice(1).includes(name));
    run.print(`${row?.split(/\s+/)[0] ?? '127.0.0.1'}\n`);
  } else if (run.args[0] !== undefined && !run.args[0].startsWith('-'))
    return yield* run.fail('you must be root to change the host name');
  else run.print(`${run.args[0] === '-s' ? name.split('.')[0] : name}\n`);
  return 0;
}

function* uname(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  yield* u.uname();
  const { options, unknown } = parseArguments(run.args, 'asnrvmpio', '', {
    all: 'a',
    'kernel-release': 'r',
    machine: 'm',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const { sysname, release, version, machine } = u.k.uname;
  const parts: readonly (readonly [string, string])[] = [
    ['s', sysname],
    ['n', u.task.nsproxy.all.uts.nodename],
    ['r', release],
    ['v', version],
    ['m', machine],
    ['o', 'GNU/Linux'],
  ];
  const wanted = options.size === 0 ? ['s'] : [...options.keys()];
  const shown = parts.filter(([letter]) => wanted.includes('a') || wanted.includes(letter));
  run.print(`${shown.map(([, text]) => text).join(' ')}\n`);
  return 0;
}

function* arch(run: ToolRun): Sys {
  yield* run.u.uname();
  run.print(`${run.u.k.uname.machine}\n`);
  return 0;
}

function* nproc(run: ToolRun): Sys {
  yield* run.u.syscall('sched_getaffinity', 0, 128, run.u.room(128));
  run.print(`${run.u.k.cpus}\n`);
  return 0;
}

function* uptime(run: ToolRun): Sys {
  const { u } = run;
  const up = Number(((yield* readText(u, '/proc/uptime')) ?? '0').split(' ')[0]);
  const load = ((yield* readText(u, '/proc/loadavg')) ?? '0 0 0').split(' ').slice(0, 3).join(', ');
  const clock = new Date(Number(u.k.realtimeNs() / 1_000_000n)).toISOString().slice(11, 19);
  const hours = Math.floor(up / 3_600);
  const minutes = String(Math.floor((up % 3_600) / 60)).padStart(2, '0');
  run.print(` ${clock} up ${hours}:${minutes},  0 users,  load average: ${load}\n`);
  return 0;
}

function* tty(run: ToolRun): Sys {
  const { u } = run;
  const isTerminal = (yield* u.ioctl(0, TIOC.TCGETS)) === 0;
  const terminal = u.task.signal.tty;
  run.print(isTerminal && terminal ? `/dev/pts/${terminal.index}\n` : 'not a tty\n');
  return isTerminal ? 0 : 1;
}

function* date(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { options, operands, unknown } = parseArguments(run.args, 'uRI', 'dsr', {
    utc: 'u',
    'date=': 'd',
    'iso-8601=': 'J',
    'rfc-3339=': 'T',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  if (options.has('s')) return yield* run.fail('cannot set date: Operation not permitted');
  yield* readText(u, '/etc/localtime');
  const now = u.k.realtimeNs();
  const given = options.get('d');
  const when = given === undefined ? now : parseDate(given, now);
  if (when === undefined) return yield* run.fail(`invalid date '${given}'`);
  const format = operands[0]?.startsWith('+')
    ? operands[0].slice(1)
    : options.has('R')
      ? '%a, %d %b %Y %H:%M:%S %z'
      : options.has('I') || options.has('J')
        ? (options.get('J') ?? '').startsWith('s')
          ? '%Y-%m-%dT%H:%M:%S+00:00'
          : '%Y-%m-%d'
        : options.has('T')
          ? '%Y-%m-%d %H:%M:%S+00:00'
          : '%a %b %e %H:%M:%S UTC %Y';
  run.print(`${formatDate(format, when)}\n`);
  return 0;
}

/** `env [-i] [-u NAME] [NAME=value …] [command …]` */
function* env(run: ToolRun): Sys {
  const { u } = run;
  let list: string[] = [...u.program.envp];
  let i = 0;
  for (; i < run.args.length; i++) {
    const arg = run.args[i];
    if (arg === '-i' || arg === '-' || arg === '--ignore-environment') list = [];
    else if (arg === '-u') list = without(list, run.args[++i] ?? '');
    else if (/^[^=-][^=]*=/.test(arg)) list = [...without(list, arg.split('=')[0]), arg];
    else if (arg === '--') {
      i++;
      break;
    } else break;
  }
  const command = run.args.slice(i);
  if (command.length === 0) {
    run.print(list.map((entry) => `${entry}\n`).join(''));
    return 0;
  }
  if (command[0].startsWith('-')) return yield* unknownOption(run, command[0], 125);
  return yield* execProgram(u, command, list);
}

function without(list: readonly string[], name: string): string[] {
  return list.filter((entry) => !entry.startsWith(`${name}=`));
}

function* printenv(run: ToolRun): Sys {
  const { u } = run;
  if (run.args.length === 0) run.print(u.program.envp.map((entry) => `${entry}\n`).join(''));
  let status = 0;
  for (const name of run.args) {
    const value = u.getenv(name);
    if (value === undefined) status = 1;
    else run.print(`${value}\n`);
  }
  return status;
}

/** Seconds of `1.5`, `2m`, `1h`. */
function durationSeconds(text: string): number | undefined {
  const match = /^(\d*\.?\d+)([smhd]?)$/.exec(text);
  return match ? Number(match[1]) * ({ m: 60, h: 3_600, d: 86_400 }[match[2]] ?? 1) : undefined;
}

function* sleep(run: ToolRun): Sys {
  yield* loadLocale(run.u);
  let seconds = 0;
  if (run.args.length === 0)
    return yield* run.fail("missing operand\nTry 'sleep --help' for more information.");
  for (const arg of run.args) {
    const one = arg === 'infinity' ? 1e6 : durationSeconds(arg);
    if (one === undefined)
      return yield* run.fail(`invalid time interval '${arg}'\nTry 'sleep --help' for more information.`);
    seconds += one;
  }
  yield* run.u.sleep(seconds * NS);
  yield* run.u.close(1);
  yield* run.u.close(2);
  return 0;
}

function* timeout(run: ToolRun): Sys {
  const { u } = run;
  const { operands } = parseLeading(run.args);
  const [limit, ...command] = operands;
  const seconds = limit === undefined ? undefined : durationSeconds(limit);
  if (seconds === undefined) return yield* run.fail(`invalid time interval '${limit ?? ''}'`, 125);
  if (command.length === 0) return yield* run.fail('missing operand', 125);
  const pid = yield* u.fork((child) => execProgram(child, command));
  const end = u.k.nowNs() + seconds * NS;
  // A child that ends early ends the sleep: SIGCHLD would, so the wait looks often enough not to be noticed.
  for (let pause = 1e6; ; pause = Math.min(pause * 2, 50e6)) {
    const [got, status] = yield* u.wait(pid, 1);
    if (got === pid) return status & 0x7f ? 128 + (status & 0x7f) : (status >> 8) & 0xff;
    if (got < 0) return 125;
    if (u.k.nowNs() >= end) break;
    yield* u.sleep(Math.min(pause, end - u.k.nowNs()));
  }
  yield* u.kill(pid, 15);
  yield* u.wait(pid);
  return 124;
}

/** Options stop at the first operand: what follows belongs to the command. */
function parseLeading(args: readonly string[]): { operands: readonly string[] } {
  let i = 0;
  for (; i < args.length && args[i].startsWith('-'); i++) if (/^-[ks]$/.test(args[i])) i++;
  return { operands: args.slice(i) };
}

function* nohup(run: ToolRun): Sys {
  if (run.args.length === 0)
    return yield* run.fail("missing operand\nTry 'nohup --help' for more information.", 125);
  yield* run.u.signal(1, 1);
  return yield* execProgram(run.u, run.args);
}

function* yes(run: ToolRun): Sys {
  const line = `${run.args.length > 0 ? run.args.join(' ') : 'y'}\n`;
  const block = line.repeat(Math.max(1, Math.floor(8_192 / line.length)));
  for (;;) if ((yield* writeAll(run.u, 1, block)) < 0) return 1;
}

function* which(run: ToolRun): Sys {
  let status = 0;
  for (const name of run.args.filter((arg) => !arg.startsWith('-'))) {
    const path = yield* findProgram(run.u, name);
    if (path === '' || (yield* run.u.access(path, 1)) < 0) status = 1;
    else run.print(`${path}\n`);
  }
  return status;
}

function echo(run: ToolRun): number {
  const flags = /^-[neE]+$/.test(run.args[0] ?? '') ? run.args[0] : '';
  const text = run.args.slice(flags ? 1 : 0).join(' ');
  run.print((flags.includes('e') ? decodeEscapes(text).text : text) + (flags.includes('n') ? '' : '\n'));
  return 0;
}

function* printf(run: ToolRun): Sys {
  if (run.args.length === 0)
    return yield* run.fail("missing operand\nTry 'printf --help' for more information.");
  run.print(formatText(run.args[0], run.args.slice(1)).text);
  return 0;
}

function* pwd(run: ToolRun): Sys {
  run.print(`${yield* currentDirectory(run.u)}\n`);
  return 0;
}

function* constant(u: UserContext, code: number): Sys {
  yield* u.close(1);
  yield* u.close(2);
  return code;
}

function* mount(run: ToolRun): Sys {
  if (run.args.length > 0) {
    const root = run.u.task.cred.ids.euid === 0;
    return yield* run.fail(
      root ? `${run.args[run.args.length - 1]}: permission denied.` : 'only root can do that',
      root ? 32 : 1,
    );
  }
  const text = yield* readText(run.u, '/proc/mounts');
  if (text === undefined) return yield* run.fail(`/proc/mounts: ${strerror(-2)}`);
  for (const line of text.split('\n').filter(Boolean)) {
    const [device, at, type, flags] = line.split(' ');
    run.print(`${device} on ${at} type ${type} (${flags})\n`);
  }
  return 0;
}

/** Who and where one is, time, environment, and the small ones that only print. */
export const IDENTITY: ToolTable = {
  id,
  whoami,
  groups,
  hostname,
  uname,
  arch,
  nproc,
  uptime,
  tty,
  date,
  env,
  printenv,
  sleep,
  timeout,
  nohup,
  yes,
  which,
  echo,
  printf,
  pwd,
  mount,
  true: (run) => constant(run.u, 0),
  false: (run) => constant(run.u, 1),
};
