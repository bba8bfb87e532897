import type { Command } from 'commander';
import type { DaemonOptions } from '../client/daemon-address';
import { newCommand } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl prog show`. */
export function progShowCommand(): Command {
  const command = newCommand({
    usage: 'show <id|name>',
    summary: 'one program of the daemon: counters by node, maps, where it is attached',
    examples: [
      'probectl prog show 7',
      'probectl prog show opensnoop/enter_openat',
      'probectl prog show on_exec --json',
    ],
  });
  return withDaemon(command).action(async (program: string, options: DaemonOptions) => {
    const { showProgram } = await import('../client/programs.js');
    await showProgram(program, options);
  });
}

/** `probectl prog log`. */
export function progLogCommand(): Command {
  const command = newCommand({
    usage: 'log <id|name>',
    summary: "what the verifier said of one of the daemon's programs",
    examples: ['probectl prog log 7', 'probectl prog log opensnoop/enter_openat --json'],
  });
  return withDaemon(command).action(async (program: string, options: DaemonOptions) => {
    const { showProgramLog } = await import('../client/programs.js');
    await showProgramLog(program, options);
  });
}

/** `probectl prog unload`. */
export function progUnloadCommand(): Command {
  const command = newCommand({
    usage: 'unload <id|name>',
    summary: 'detach and unload a program of the daemon; with the last one its object goes',
    examples: ['probectl prog unload 7', 'probectl prog unload opensnoop/enter_openat'],
  });
  return withDaemon(command).action(async (program: string, options: DaemonOptions) => {
    const { unloadProgram } = await import('../client/programs.js');
    await unloadProgram(program, options);
  });
}
