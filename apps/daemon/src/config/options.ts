import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LOG_LEVELS } from '../app/logger';

type Env = Readonly<Record<string, string | undefined>>;

/** A flag with its environment variable, as `--help` shows it. */
interface OptionRow {
  readonly flags: string;
  readonly env: string;
  readonly text: string;
  readonly value?: string | number | boolean | readonly string[];
  /** How the default reads in `--help`, where it is not the value itself. */
  readonly valueText?: string;
  readonly choices?: readonly string[];
  readonly parse?: (text: string, before: unknown) => unknown;
}

/** What runs unless told otherwise. */
export const SCENARIO_DEFAULT = 'demo-cluster';
const SEED_MAX = 0xffff_ffff;
const FACTOR_MAX = 1_000;

/** Where the state lies unless told otherwise: the XDG base directory specification's place for it. */
export function defaultStateDir(env: Env): string {
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'probed');
}

/** Every option of the daemon. */
export function optionRows(env: Env): readonly OptionRow[] {
  return [
    {
      flags: '--host <address>',
      env: 'PROBED_HOST',
      text: 'address to listen on',
      value: '127.0.0.1',
      parse: address,
    },
    {
      flags: '--port <number>',
      env: 'PROBED_PORT',
      text: 'port to listen on, 0 takes a free one',
      value: 8686,
      parse: integer(0, 65_535),
    },
    {
      flags: '--state-dir <folder>',
      env: 'PROBED_STATE_DIR',
      text: 'where database, token and lock lie',
      value: defaultStateDir(env),
      parse: folder,
    },
    {
      flags: '--demo',
      env: 'PROBED_DEMO',
      text: 'load the example programs',
      value: false,
    },
    { flags: '--no-demo', env: '', text: 'load nothing' },
    {
      flags: '--scenario <name>',
      env: 'PROBED_SCENARIO',
      text: 'what runs on the emulated cluster',
      value: SCENARIO_DEFAULT,
      parse: word,
    },
    {
      flags: '--seed <number>',
      env: 'PROBED_SEED',
      text: 'chance of the scenario: same seed, same events',
      value: 1,
      parse: integer(0, SEED_MAX),
    },
    {
      flags: '--speed <factor>',
      env: 'PROBED_SPEED',
      text: 'virtual seconds a second, 0 as fast as it goes',
      value: 1,
      parse: factor,
    },
    {
      flags: '--rate <factor>',
      env: 'PROBED_RATE',
      text: "factor on the scenario's rates",
      value: 1,
      parse: factor,
    },
    {
      flags: '--btf <file>',
      env: 'PROBED_BTF',
      text: 'BTF of a kernel, or its vmlinux, whose layout the nodes wear',
      parse: file,
    },
    {
      flags: '--release <release>',
      env: 'PROBED_RELEASE',
      text: "what uname shows; by default what the BTF file's name tells, else the reference kernel's",
      parse: release,
    },
    { flags: '--trace', env: 'PROBED_TRACE', text: 'print records as they come', value: false },
    { flags: '--no-trace', env: '', text: 'print no records' },
    {
      flags: '--allow-host <name>',
      env: 'PROBED_ALLOW_HOST',
      text: 'Host header to serve besides loopback, with or without port (repeatable, comma-separated)',
      value: [],
      valueText: 'none',
      parse: list(hostName),
    },
    {
      flags: '--allow-origin <url>',
      env: 'PROBED_ALLOW_ORIGIN',
      text: 'web origin to serve besides our own pages (repeatable, comma-separated)',
      value: [],
      valueText: 'none',
      parse: list(origin),
    },
    {
      flags: '--records-max <number>',
      env: 'PROBED_RECORDS_MAX',
      text: 'records kept in the database, the oldest go',
      value: 5_000_000,
      parse: integer(1_000, 1_000_000_000),
    },
    {
      flags: '--db-max-mb <number>',
      env: 'PROBED_DB_MAX_MB',
      text: 'size of the database in MiB',
      value: 4_096,
      parse: integer(16, 1_048_576),
    },
    {
      flags: '--log-level <level>',
      env: 'PROBED_LOG_LEVEL',
      text: 'what to say on standard error',
      value: 'info',
      choices: LOG_LEVELS,
    },
    {
      flags: '--json',
      env: 'PROBED_JSON',
      text: 'log JSON, a document a line',
      value: false,
    },
  ];
}

/** Adds the options; values of the environment go through the same checks as flags. */
export function addOptions(command: Command, env: Env): void {
  for (const row of optionRows(env)) {
    const { flags, env: variable, text, value, valueText, choices, parse } = row;
    const option = new Option(flags, variable ? `${text} [${variable}]` : text);
    if (value !== undefined && value !== false) option.default(value, valueText);
    if (choices) option.choices(choices);
    if (parse) option.argParser(parse);
    command.addOption(option);
  }
}

function integer(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= min && number <= max) return number;
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`);
  };
}

function factor(text: string): number {
  const number = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (number <= FACTOR_MAX) return number;
  throw new InvalidArgumentError(`Give a number from 0 to ${FACTOR_MAX}.`);
}

function address(text: string): string {
  if (/^[\w.:-]+$/.test(text)) return text;
  throw new InvalidArgumentError('Give an IP address or a host name.');
}

function folder(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Give a folder.');
}

function file(text: string): string {
  if (text !== '') return resolve(text);
  throw new InvalidArgumentError('Give a file.');
}

function release(text: string): string {
  if (/^\d+\.\d+[\w.+~-]*$/.test(text)) return text;
  throw new InvalidArgumentError('Give a kernel release, e.g. 5.10.0-43-amd64.');
}

function word(text: string): string {
  if (/^[\w.-]{1,64}$/.test(text)) return text;
  throw new InvalidArgumentError("Give a scenario's name; probectl scenario list shows them.");
}

function hostName(text: string): string {
  if (/^([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d{1,5})?$/.test(text)) return text;
  throw new InvalidArgumentError('Give NAME or NAME:PORT, without http://.');
}

function origin(text: string): string {
  if (URL.canParse(text) && new URL(text).origin === text.toLowerCase()) return text;
  throw new InvalidArgumentError('Give an origin: https://NAME or https://NAME:PORT, without a path.');
}

function list(parseOne: (text: string) => string): (text: string, before: unknown) => string[] {
  return (text, before) => [...(before as string[]), ...text.split(',').map((part) => parseOne(part.trim()))];
}
