import type { Command } from 'commander';
import { withJson } from '../command';
import { failUsage } from '../errors';

/** Options by which commands find the daemon. */
const DAEMON_OPTIONS: readonly (readonly [flags: string, text: string])[] = [
  [
    '--url <url>',
    'address of the daemon [PROBED_URL] (default: what daemon.json in its state directory says)',
  ],
  ['--token <token>', 'admin token [PROBED_TOKEN] (default: admin.token of the state directory)'],
  [
    '--state-dir <folder>',
    "the daemon's state directory [PROBED_STATE_DIR] (default: $XDG_STATE_HOME/probed, ~/.local/state/probed)",
  ],
];

/** `--json` and where the daemon is, last in the help. */
export function withDaemon(command: Command): Command {
  withJson(command);
  for (const [flags, text] of DAEMON_OPTIONS) command.option(flags, text);
  return command;
}

/** Refuses options that were given and have no meaning here. */
export function refuseOptions(command: Command, allowed: ReadonlySet<string>, goWith: string): void {
  const stray = command.options.find(
    (option) =>
      !allowed.has(option.attributeName()) && command.getOptionValueSource(option.attributeName()) === 'cli',
  );
  if (stray) failUsage(`${stray.long} goes with ${goWith}`);
}

/** Names of the options of {@link withDaemon}. */
export const DAEMON_OPTION_NAMES = ['json', 'url', 'token', 'stateDir'] as const;
