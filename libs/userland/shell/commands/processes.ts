import { SIGNAL, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { ShellFault } from '../language/control';
import { assertCheap } from '../language/regex';
import { type Accounts, readAccounts } from '../os/accounts';
import { readDirectory, readText, statPath } from '../os/io';
import { loadLocale } from '../os/locale';
import { meminfo } from './resources';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const TICKS_PER_SECOND = 100;

/** One process as /proc shows it. */
interface Process {
  readonly pid: number;
  readonly ppid: number;
  readonly uid: number;
  readonly state: string;
  readonly comm: string;
  readonly command: string;
  /** Ticks of CPU time. */
  readonly ticks: number;
  /** Ticks after boot. */
  readonly start: number;
  readonly nice: number;
}

/** Reads /proc as procps does: stat, status and cmdline of every process. */
function* readProcesses(u: UserContext): Sys<Process[]> {
  const entries = yield* readDirectory(u, '/proc');
  const out: Process[] = [];
  if (typeof entries === 'number') return out;
  const pids = entries.map(({ name }) => Number(name)).filter((pid) => pid > 0);
  for (const pid of pids.sort((a, b) => a - b)) {
    const stat = yield* statPath(u, `/proc/${pid}`);
    const text = yield* readText(u, `/proc/${pid}/stat`);
    const match = /^\d+ \((.*)\) (\S) (.*)$/s.exec(text?.trim() ?? '');
    if (typeof stat === 'number' || !match) continue;
    yield* readText(u, `/proc/${pid}/status`);
    const cmdline = ((yield* readText(u, `/proc/${pid}/cmdline`)) ?? '').split('\0').filter(Boolean);
    const fields = match[3].split(' ').map(Number);
    out.push({
      pid,
      ppid: fields[0],
      uid: stat.uid,
      state: match[2],
      comm: match[1],
      command: cmdline.join(' ') || `[${match[1]}]`,
      ticks: fields[10] + fields[11],
      start: fields[18],
      nice: fields[15],
    });
  }
  return out;
}

/** `00:01:02` */
function cpuTime(ticks: number): string {
  const seconds = Math.floor(ticks / TICKS_PER_SECOND);
  const part = (value: number) => String(value).padStart(2, '0');
  return `${part(Math.floor(seconds / 3600))}:${part(Math.floor(seconds / 60) % 60)}:${part(seconds % 60)}`;
}

/** What the columns of ps are made from. */
interface PsFacts {
  readonly u: UserContext;
  readonly accounts: Accounts;
}

interface Column {
  readonly title: string;
  readonly left?: true;
  readonly text: (process: Process, facts: PsFacts) => string;
}

function startTime(process: Process, { u }: PsFacts): string {
  const ns = u.k.bootEpochNs + BigInt(process.start) * 10_000_000n;
  return new Date(Number(ns / 1_000_000n)).toISOString().slice(11, 16);
}

const COLUMNS: Readonly<Record<string, Column>> = {
  pid: { title: 'PID', text: ({ pid }) => String(pid) },
  ppid: { title: 'PPID', text: ({ ppid }) => String(ppid) },
  user: { title: 'USER', left: true, text: ({ uid }, { accounts }) => accounts.user(uid) ?? String(uid) },
  uid: { title: 'UID', left: true, text: ({ uid }, { accounts }) => accounts.user(uid) ?? String(uid) },
  comm: { title: 'COMMAND', left: true, text: ({ comm }) => comm },
  cmd: { title: 'CMD', left: true, text: ({ comm }) => comm },
  args: { title: 'COMMAND', left: true, text: ({ command }) => command },
  fullcmd: { title: 'CMD', left: true, text: ({ command }) => command },
  stat: { title: 'STAT', left: true, text: ({ state }) => state },
  time: { title: 'TIME', text: ({ ticks }) => cpuTime(ticks) },
  stime: { title: 'STIME', text: startTime },
  start: { title: 'START', text: startTime },
  tty: { title: 'TTY', left: true, text: () => '?' },
  c: { title: 'C', text: () => '0' },
  nice: { title: 'NI', text: ({ nice }) => String(nice) },
  '%cpu': {
    title: '%CPU',
    text: ({ ticks, start }, { u }) => {
      const alive = u.k.nowNs() / 1e7 - start;
      return (alive > 0 ? Math.min(100, (100 * ticks) / alive) : 0).toFixed(1);
    },
  },
  '%mem': { title: '%MEM', text: () => '0.0' },
};

const ALIASES: Readonly<Record<string, string>> = {
  command: 'args',
  cmd: 'fullcmd',
  ucmd: 'comm',
  euser: 'user',
  pcpu: '%cpu',
  pmem: '%mem',
  state: 'stat',
  s: 'stat',
  ni: 'nice',
  tt: 'tty',
  stime: 'stime',
};

const FORMATS = {
  short: ['pid', 'tty', 'time', 'cmd'],
  full: ['uid', 'pid', 'ppid', 'c', 'stime', 'tty', 'time', 'fullcmd'],
  user: ['user', 'pid', '%cpu', '%mem', 'tty', 'stat', 'start', 'time', 'args'],
  bsd: ['pid', 'tty', 'stat', 'time', 'args'],
} as const;

function table(
  columns: readonly Column[],
  processes: readonly Process[],
  facts: PsFacts,
  header: boolean,
): string {
  const rows = processes.map((process) => columns.map(({ text }) => text(process, facts)));
  if (header) rows.unshift(columns.map(({ title }) => title));
  const widths = columns.map((_column, i) => Math.max(i === 0 ? 7 : 0, ...rows.map((row) => row[i].length)));
  return rows
    .map((row) => {
      const cells = row.map((text, i) =>
        columns[i].left ? text.padEnd(widths[i]) : text.padStart(widths[i]),
      );
      return `${cells.join(' ').trimEnd()}\n`;
    })
    .join('');
}

function* ps(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const bsd = run.args.find((arg) => /^[auxfwel]+$/.test(arg)) ?? '';
  const { options } = parseArguments(
    run.args.filter((arg) => arg !== bsd),
    'eAfaxlwWjHmLcT',
    'opuCtk',
    { 'format=': 'o', 'pid=': 'p', 'no-headers': 'q', 'sort=': 'k', forest: 'H' },
  );
  const accounts = yield* readAccounts(u);
  const all = yield* readProcesses(u);
  const everything =
    options.has('e') || options.has('A') || options.has('p') || bsd.includes('x') || bsd.includes('a');
  const own = u.task.signal.tty;
  const chosen = all.filter((process) => {
    const wanted = options.get('p');
    if (wanted !== undefined) return wanted.split(/[, ]/).includes(String(process.pid));
    const name = options.get('C');
    if (name !== undefined) return process.comm === name;
    return everything || sameSession(u, process.pid, own !== undefined);
  });
  const names = options
    .get('o')
    ?.split(',')
    .map((name) => name.split('=')[0]);
  const format =
    names?.map((name) => ALIASES[name] ?? name) ??
    (bsd.includes('u') ? FORMATS.user : options.has('f') ? FORMATS.full : bsd ? FORMATS.bsd : FORMATS.short);
  const bad = format.find((name) => !COLUMNS[name]);
  if (bad)
    return yield* run.fail(`unknown user-defined format specifier "${bad}"`.replace('ps: ', 'error: '));
  const header = !options.has('q') && !(options.get('o')?.endsWith('=') ?? false);
  run.print(
    table(
      format.map((name) => COLUMNS[name]),
      chosen,
      { u, accounts },
      header,
    ),
  );
  return chosen.length > 0 ? 0 : 1;
}

/** Processes of the same session, as far as they share the terminal. */
function sameSession(u: UserContext, pid: number, hasTerminal: boolean): boolean {
  const ns = u.task.nsproxy.all.pid;
  for (const task of u.k.tasks.all())
    if (task.thread.numberIn(ns) === pid)
      return hasTerminal
        ? task.signal.tty === u.task.signal.tty
        : task.signal.session === u.task.signal.session;
  return false;
}

function* top(run: ToolRun): Sys {
  const { u } = run;
  const accounts = yield* readAccounts(u);
  const batch = run.args.join(' ').includes('b');
  const turns = Number(/-n\s*(\d+)/.exec(run.args.join(' '))?.[1] ?? (batch ? 1 : Number.POSITIVE_INFINITY));
  for (let turn = 0; turn < turns; turn++) {
    if (turn > 0) yield* u.sleep(3e9);
    const processes = yield* readProcesses(u);
    const memory = meminfo(yield* readText(u, '/proc/meminfo'));
    const clock = new Date(Number(u.k.realtimeNs() / 1_000_000n)).toISOString().slice(11, 19);
    const running = processes.filter(({ state }) => state === 'R').length;
    const mib = (kib: number) => (kib / 1024).toFixed(1);
    run.print(batch ? '' : '\x1b[H\x1b[J');
    run.print(
      `top - ${clock} up ${cpuTime(u.k.nowNs() / 1e7)}, load average: ${((yield* readText(u, '/proc/loadavg')) ?? '').split(' ').slice(0, 3).join(', ')}\n`,
    );
    run.print(
      `Tasks: ${processes.length} total, ${running} running, ${processes.length - running} sleeping\n`,
    );
    run.print(`MiB Mem : ${mib(memory.MemTotal)} total, ${mib(memory.MemFree)} free\n\n`);
    const columns = ['pid', 'user', 'nice', 'stat', '%cpu', 'time', 'comm'].map((name) => COLUMNS[name]);
    run.print(table(columns, processes, { u, accounts }, true));
    if ((yield* run.flush()) < 0) return 1;
  }
  return 0;
}

/** Number of `9`, `KILL` or `SIGKILL`. */
function signalOf(name: string): number | undefined {
  const known: Readonly<Record<string, number | undefined>> = SIGNAL;
  return /^\d+$/.test(name) ? Number(name) : (known[name] ?? known[`SIG${name}`]);
}

function* kill(run: ToolRun): Sys {
  const { u } = run;
  const [first, ...rest] = run.args;
  if (first === undefined) return yield* run.fail('usage: kill [-signal] pid ...');
  const name = /^-(.+)$/.exec(first)?.[1]?.toUpperCase();
  const number = name === undefined ? SIGNAL.SIGTERM : signalOf(name);
  if (number === undefined) return yield* run.fail(`invalid argument ${first}`);
  let status = 0;
  for (const target of name === undefined ? run.args : rest) {
    const error = /^-?\d+$/.test(target) ? yield* u.kill(Number(target), number) : -22;
    if (error < 0) status = yield* run.fail(`sending signal to ${target} failed: ${strerror(error)}`);
  }
  return status;
}

/** @returns undefined for what is no expression, or one that would take too long */
function compile(source: string): RegExp | undefined {
  try {
    assertCheap(source);
    return new RegExp(source);
  } catch (error) {
    if (error instanceof ShellFault || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Processes whose name, or command line with -f, a pattern fits; oneself not among them. */
function* matching(
  run: ToolRun,
  options: ReadonlyMap<string, string>,
  pattern: string,
): Sys<Process[] | undefined> {
  const expression = compile(options.has('x') ? `^(?:${pattern})$` : pattern);
  if (!expression) return undefined;
  const own = run.u.task.thread.own;
  const all = yield* readProcesses(run.u);
  return all.filter(
    ({ pid, comm, command, state }) =>
      pid !== own && state !== 'Z' && expression.test(options.has('f') ? command : comm),
  );
}

function* pgrep(run: ToolRun): Sys {
  const kills = run.name === 'pkill';
  const [first = ''] = run.args;
  const named = kills && /^-[A-Z0-9]+$/.test(first);
  const { options, operands, unknown } = parseArguments(
    named ? run.args.slice(1) : run.args,
    'flaxcn',
    'us',
    {
      full: 'f',
      exact: 'x',
    },
  );
  if (unknown) return yield* unknownOption(run, unknown, 2);
  const [pattern] = operands;
  if (pattern === undefined) return yield* run.fail('no matching criteria specified', 2);
  const signal = named ? signalOf(first.slice(1)) : SIGNAL.SIGTERM;
  if (signal === undefined) return yield* run.fail(`unknown signal ${first}`, 2);
  const found = yield* matching(run, options, pattern);
  if (!found) return yield* run.fail(`invalid regular expression: ${pattern}`, 2);
  for (const { pid, comm, command } of found) {
    if (kills) yield* run.u.kill(pid, signal);
    else if (!options.has('c'))
      run.print(`${pid}${options.has('a') ? ` ${command}` : options.has('l') ? ` ${comm}` : ''}\n`);
  }
  if (options.has('c')) run.print(`${found.length}\n`);
  return found.length > 0 ? 0 : 1;
}

export const PROCESSES: ToolTable = { ps, top, kill, pgrep, pkill: pgrep };
