import { SIGNAL, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { type Accounts, readAccounts } from '../os/accounts';
import { readDirectory, readText, readToEnd, statPath, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import { humanSize } from './listing';
import { execProgram } from './run-child';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const TICKS_PER_SECOND = 100;
const ARGUMENTS_MAX_BYTES = 32_000;

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

function meminfo(text: string | undefined): Readonly<Record<string, number>> {
  const rows = (text ?? '').split('\n').flatMap((line) => {
    const match = /^(\w+):\s+(\d+)/.exec(line);
    return match ? [[match[1], Number(match[2])] as const] : [];
  });
  return Object.fromEntries(rows);
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

function* free(run: ToolRun): Sys {
  const { options, unknown } = parseArguments(run.args, 'hmgkbtw', 'sc');
  if (unknown) return yield* unknownOption(run, unknown);
  const memory = meminfo(yield* readText(run.u, '/proc/meminfo'));
  const show = (kib: number) => {
    if (options.has('h')) return `${humanSize(kib * 1024)}i`;
    if (options.has('m')) return String(Math.floor(kib / 1024));
    return String(options.has('g') ? Math.floor(kib / 1024 ** 2) : options.has('b') ? kib * 1024 : kib);
  };
  const used = memory.MemTotal - memory.MemFree;
  const row = (name: string, cells: readonly string[]) =>
    `${name.padEnd(8)}${cells.map((cell) => cell.padStart(12)).join('')}\n`;
  run.print(row('', ['total', 'used', 'free', 'shared', 'buff/cache', 'available']));
  run.print(row('Mem:', [memory.MemTotal, used, memory.MemFree, 0, 0, memory.MemAvailable].map(show)));
  run.print(row('Swap:', [0, 0, 0].map(show)));
  return 0;
}

/** Sizes are what the emulated disk would have: 40 GiB, a third of it used. */
const DISK_KIB = 40 * 1024 * 1024;
const DISK_USED_SHARE = 0.34;

function* df(run: ToolRun): Sys {
  const { options, operands, unknown } = parseArguments(run.args, 'haTiPkm', 't');
  if (unknown) return yield* unknownOption(run, unknown);
  const mounts = (yield* readText(run.u, '/proc/mounts')) ?? '';
  const rows = mounts.split('\n').flatMap((line) => {
    const [device, at, type] = line.split(' ');
    const real = type === 'overlay' || type === 'ext4';
    return real || type === 'tmpfs'
      ? [{ device, at, type, kib: real ? DISK_KIB : 65_536, used: real ? DISK_USED_SHARE : 0 }]
      : [];
  });
  for (const path of operands) {
    const stat = yield* statPath(run.u, path);
    if (typeof stat === 'number') return yield* run.failure(path, stat);
  }
  const shown = operands.length > 0 ? rows.slice(0, 1) : rows;
  const human = options.has('h');
  const size = (kib: number) => (human ? humanSize(kib * 1024) : String(Math.round(kib)));
  const head = [
    'Filesystem',
    ...(options.has('T') ? ['Type'] : []),
    human ? 'Size' : '1K-blocks',
    'Used',
    human ? 'Avail' : 'Available',
    'Use%',
    'Mounted on',
  ];
  const cells = shown.map(({ device, at, type, kib, used }) => [
    device,
    ...(options.has('T') ? [type] : []),
    size(kib),
    size(kib * used),
    size(kib * (1 - used)),
    `${Math.round(used * 100)}%`,
    at,
  ]);
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i].length)));
  for (const row of [head, ...cells])
    run.print(
      `${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : i === row.length - 1 ? cell : cell.padStart(widths[i]))).join(' ')}\n`,
    );
  return 0;
}

function* kill(run: ToolRun): Sys {
  const { u } = run;
  const [first, ...rest] = run.args;
  if (first === undefined) return yield* run.fail('usage: kill [-signal] pid ...');
  const name = /^-(.+)$/.exec(first)?.[1]?.toUpperCase();
  const known: Readonly<Record<string, number | undefined>> = SIGNAL;
  const number =
    name === undefined
      ? SIGNAL.SIGTERM
      : /^\d+$/.test(name)
        ? Number(name)
        : (known[name] ?? known[`SIG${name}`]);
  if (number === undefined) return yield* run.fail(`invalid argument ${first}`);
  let status = 0;
  for (const target of name === undefined ? run.args : rest) {
    const error = /^-?\d+$/.test(target) ? yield* u.kill(Number(target), number) : -22;
    if (error < 0) status = yield* run.fail(`sending signal to ${target} failed: ${strerror(error)}`);
  }
  return status;
}

/** Words of xargs' input: quotes and backslashes as it has them, or records between delimiters. */
function inputWords(text: string, separator: string | undefined, lines: boolean): string[] {
  if (separator !== undefined)
    return text.split(separator).filter((word, i, all) => word !== '' || i < all.length - 1);
  if (lines)
    return text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
  return [...text.matchAll(/"([^"\n]*)"|'([^'\n]*)'|((?:\\.|[^\s"'\\])+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain.replace(/\\(.)/g, '$1'),
  );
}

const XARGS_VALUED = 'nILPdsEa';

/** Options of xargs end at the command. */
function splitXargs(args: readonly string[]): { own: readonly string[]; command: readonly string[] } {
  let i = 0;
  for (; i < args.length && args[i].startsWith('-') && args[i] !== '-'; i++) {
    const letter = args[i][1];
    if (args[i].length === 2 && XARGS_VALUED.includes(letter)) i++;
  }
  return { own: args.slice(0, i), command: args.slice(i) };
}

function* xargs(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { own, command } = splitXargs(run.args);
  const { options, unknown } = parseArguments(own, '0rtpx', XARGS_VALUED, {
    null: '0',
    'no-run-if-empty': 'r',
    'max-args=': 'n',
    'delimiter=': 'd',
    'max-procs=': 'P',
  });
  if (unknown) return yield* unknownOption(run, unknown);
  const data = yield* readToEnd(u, 0);
  if (typeof data === 'number') return yield* run.failure('read error', data);
  const replace = options.get('I');
  const separator = options.has('0') ? '\0' : options.get('d')?.replace('\\n', '\n').replace('\\0', '\0');
  const words = inputWords(new TextDecoder().decode(data), separator, replace !== undefined);
  const base = command.length > 0 ? command : ['echo'];
  const runs =
    replace === undefined
      ? groups(words, options, base)
      : words.map((word) => base.map((part) => part.replaceAll(replace, word)));
  let status = 0;
  for (const argv of runs) {
    if (options.has('t')) yield* writeAll(u, 2, `${argv.join(' ')}\n`);
    const code = yield* spawn(u, argv);
    if (code === 255) return yield* run.fail(`${argv[0]}: exited with status 255; aborting`, 124);
    if (code === 126 || code === 127) return code;
    if (code !== 0) status = 123;
  }
  return status;
}

function groups(
  words: readonly string[],
  options: ReadonlyMap<string, string>,
  base: readonly string[],
): string[][] {
  if (words.length === 0) return options.has('r') ? [] : [[...base]];
  const most = Number(options.get('n') ?? options.get('L') ?? Number.POSITIVE_INFINITY);
  const out: string[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const word of words) {
    const current = out[out.length - 1];
    if (!current || current.length - base.length >= most || bytes + word.length > ARGUMENTS_MAX_BYTES) {
      out.push([...base, word]);
      bytes = word.length;
    } else {
      current.push(word);
      bytes += word.length + 1;
    }
  }
  return out;
}

function* spawn(u: UserContext, argv: readonly string[]): Sys {
  const pid = yield* u.fork(function* (child) {
    const nothing = yield* child.open('/dev/null');
    yield* child.dup2(nothing, 0);
    yield* child.close(nothing);
    return yield* execProgram(child, argv);
  });
  if (pid < 0) return 1;
  const [, status] = yield* u.wait(pid);
  return status & 0x7f ? 125 : (status >> 8) & 0xff;
}

export const PROCESSES: ToolTable = { ps, top, free, df, kill, xargs };
