import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import type { StartWorkloadOptions } from '../client/workload';
import { newCommand, newGroup } from '../command';
import { parseCount, parseFactor } from '../input/values';
import { withDaemon } from './daemon-options';

const SEED_MAX = 0xffff_ffff;

/** `probectl workload`. */
export function workloadCommand(): Command {
  const group = newGroup(
    {
      usage: 'workload',
      summary: "what happens on the daemon's emulated cluster",
      examples: [
        'probectl workload',
        'probectl workload start demo-cluster --seed 7',
        'probectl workload speed 2',
      ],
    },
    [startCommand(), stopCommand(), speedCommand()],
  );
  return group.addCommand(showCommand(), { isDefault: true });
}

function showCommand(): Command {
  const command = newCommand({
    usage: 'show',
    summary: 'scenario, speed, virtual time, and what else there is',
    examples: ['probectl workload show', 'probectl workload show --json'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { showWorkload } = await import('../client/workload.js');
    await showWorkload(options);
  });
}

function startCommand(): Command {
  const command = newCommand({
    usage: 'start [scenario]',
    summary: 'start the workload, or another one',
    description:
      'Lets virtual time go on after a stop. Another scenario, seed or rate boots the emulated kernel anew: programs and ' +
      'links are restored, processes and sessions are not.',
    examples: [
      'probectl workload start',
      'probectl workload start demo-cluster --seed 7 --rate 2',
      'probectl workload start --speed 0',
    ],
  })
    .option('--seed <n>', 'same seed, same events', parseCount(0, SEED_MAX))
    .option('--speed <factor>', 'virtual seconds a second; 0: as fast as it goes', parseFactor)
    .option('--rate <factor>', "factor on the scenario's rates", parseFactor);
  return withDaemon(command).action(async (scenario: string | undefined, options: StartWorkloadOptions) => {
    const { startWorkload } = await import('../client/workload.js');
    await startWorkload(scenario, options);
  });
}

function stopCommand(): Command {
  const command = newCommand({
    usage: 'stop',
    summary: 'stop virtual time until the workload is started again',
    examples: ['probectl workload stop'],
  });
  return withDaemon(command).action(async (options: DaemonOptions) => {
    const { stopWorkload } = await import('../client/workload.js');
    await stopWorkload(options);
  });
}

function speedCommand(): Command {
  const command = newCommand({
    usage: 'speed <factor>',
    summary: 'virtual seconds a second; 0: as fast as it goes',
    examples: ['probectl workload speed 2', 'probectl workload speed 0.5'],
  });
  command.registeredArguments[0].argParser(parseFactor);
  return withDaemon(command).action(async (speed: number, options: DaemonOptions) => {
    const { changeSpeed } = await import('../client/workload.js');
    await changeSpeed(speed, options);
  });
}
