import { packageVersion } from '@probed/package';
import { Command, CommanderError } from 'commander';
import type { LogLevel } from '../app/logger';
import { type DaemonConfig, StartFault } from './config';
import { addOptions, optionRows } from './options';

type Env = Readonly<Record<string, string | undefined>>;

const EXAMPLES = [
  'npm start                                          # demo cluster, example programs, live trace',
  'npx probed --state-dir /var/lib/probed --port 9000',
  'npx probed --scenario web --speed 10 --log-level warn',
  'npx probed --btf vmlinux-5.10.btf                  # the nodes wear the layout of that kernel',
  'PROBED_PORT=0 npx probed --no-trace                # a free port; daemon.json in the state directory tells it',
];
const FLAG_VALUES: Readonly<Record<string, boolean>> = { '1': true, true: true, '0': false, false: false };

/** What a command line asks for: to run, or to be told something (`--help`, `--version`), which is printed already. */
export type Asked = { readonly config: DaemonConfig } | { readonly config: undefined };

/**
 * Reads flags, then `PROBED_*`, then defaults.
 * @param args without node and script
 * @throws StartFault a wrong value: one line, exit code 2
 */
export function parseCommandLine(
  args: readonly string[],
  env: Env,
  print: (text: string) => void = (text) => process.stdout.write(text),
): Asked {
  const command = createCommand(env, print);
  try {
    command.parse([...fromEnvironment(env), ...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { config: undefined };
    throw new StartFault(`${oneLine(error.message)}; see: probed --help`, 2);
  }
  return { config: configOf(command.opts()) };
}

function createCommand(env: Env, print: (text: string) => void): Command {
  const command = new Command('probed')
    .description(
      'Runs real eBPF programs in an emulated Linux kernel, as a daemon: REST, socket.io, a dashboard, records in SQLite.',
    )
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show this help')
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ writeOut: print, writeErr: () => undefined })
    .addHelpText('after', `\nExamples:\n${EXAMPLES.map((line) => `  $ ${line}`).join('\n')}`);
  addOptions(command, env);
  return command;
}

/** The environment as flags, so that both are checked by the same rules; flags come later and win. */
function fromEnvironment(env: Env): string[] {
  return optionRows(env).flatMap(({ flags, env: variable }) => {
    const text = variable ? env[variable] : undefined;
    if (text === undefined || text === '') return [];
    const [flag, argument] = flags.split(' ');
    if (argument) return [`${flag}=${text}`];
    const on = FLAG_VALUES[text.toLowerCase()];
    if (on === undefined) throw new StartFault(`${variable} is ${JSON.stringify(text)}; give 1 or 0`, 2);
    return on ? [flag] : [];
  });
}

function configOf(options: Record<string, unknown>): DaemonConfig {
  return {
    host: options['host'] as string,
    port: options['port'] as number,
    stateDir: options['stateDir'] as string,
    demo: options['demo'] === true,
    scenario: options['scenario'] as string,
    seed: options['seed'] as number,
    speed: options['speed'] as number,
    rate: options['rate'] as number,
    ...(options['btf'] !== undefined && { btf: options['btf'] as string }),
    ...(options['release'] !== undefined && { release: options['release'] as string }),
    trace: options['trace'] === true,
    allowHosts: options['allowHost'] as string[],
    allowOrigins: options['allowOrigin'] as string[],
    recordsMax: options['recordsMax'] as number,
    dbMaxMb: options['dbMaxMb'] as number,
    logLevel: options['logLevel'] as LogLevel,
    jsonLogs: options['json'] === true,
  };
}

function oneLine(text: string): string {
  return text
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
    .replace(/\.$/, '');
}
