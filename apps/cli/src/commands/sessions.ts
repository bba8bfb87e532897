import { type Command, Option } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import type { ListSessionsOptions } from '../client/sessions';
import { newCommand, newGroup } from '../command';
import { parseCount } from '../input/values';
import { withDaemon } from './daemon-options';

const LIMIT_MAX = 10_000;

/** `probectl sessions`. */
export function sessionsCommand(): Command {
  const group = newGroup(
    {
      usage: 'sessions',
      summary: 'exec sessions: who ran what in which pod',
      examples: [
        'probectl sessions',
        'probectl sessions list --state running',
        'probectl sessions show s-d2323cf6',
      ],
    },
    [showCommand()],
  );
  return group.addCommand(listCommand(), { isDefault: true });
}

function listCommand(): Command {
  const command = newCommand({
    usage: 'list',
    summary: 'exec sessions, newest first',
    examples: ['probectl sessions list', 'probectl sessions list --pod toolbox --state exited --json'],
  })
    .option('--pod <pod>', 'of this pod')
    .addOption(
      new Option('--state <state>', 'in this state; lost: the emulated kernel went away under it').choices([
        'running',
        'exited',
        'lost',
      ]),
    )
    .option('--limit <n>', 'the newest n only (default: 100)', parseCount(1, LIMIT_MAX));
  return withDaemon(command).action(async (options: ListSessionsOptions) => {
    const { listSessions } = await import('../client/sessions.js');
    await listSessions(options);
  });
}

function showCommand(): Command {
  const command = newCommand({
    usage: 'show <id>',
    summary: 'one exec session with its commands as a tree',
    examples: ['probectl sessions show s-d2323cf6', 'probectl sessions show s-d2323cf6 --json'],
  });
  return withDaemon(command).action(async (id: string, options: DaemonOptions) => {
    const { showSession } = await import('../client/sessions.js');
    await showSession(id, options);
  });
}
