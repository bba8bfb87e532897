import { packageVersion } from '@probed/package';
import type { Command } from 'commander';
import { newCommand } from './command';
import { bpffsCommand, pinCommand, unpinCommand } from './commands/bpffs';
import { btfCommand } from './commands/btf';
import { demoCommand } from './commands/demo';
import { execCommand } from './commands/exec';
import { genCommand } from './commands/gen';
import { helpCommand } from './commands/help';
import { hooksCommand } from './commands/hooks';
import { iterCommand } from './commands/iter';
import { kernelCommand } from './commands/kernel';
import { linkCommand } from './commands/link';
import { mapCommand } from './commands/map';
import { objectCommand } from './commands/object';
import { podsCommand } from './commands/pods';
import { progCommand } from './commands/prog';
import { historyCommand, traceCommand } from './commands/records';
import { runCommand } from './commands/run';
import { scenarioCommand } from './commands/scenario';
import { sessionsCommand } from './commands/sessions';
import { statusCommand } from './commands/status';
import { testCommand } from './commands/test';
import { versionCommand } from './commands/version';
import { workloadCommand } from './commands/workload';

/** All of `probectl`. Commands load what they need when they run, so that help is quick. */
export function createProgram(): Command {
  const program = newCommand({
    usage: 'probectl',
    summary: 'run real eBPF programs in an emulated Linux kernel',
    description:
      'Runs real, clang-compiled eBPF programs in an emulated Linux 6.18 kernel: in this process, with the same result ' +
      'for the same seed, or in a daemon that keeps them running. No root, no kernel config, no VM.',
    examples: [
      'probectl demo',
      'probectl run examples/execaudit/execaudit.bpf.o',
      'probectl prog verify my.bpf.o',
      "probectl hooks 'tracepoint:sched:*'",
    ],
  })
    .helpCommand(false)
    .version(packageVersion(), '-V, --version', 'print the version of probectl');
  program.commandsGroup('In this process:');
  for (const command of [
    runCommand(),
    testCommand(),
    demoCommand(),
    progCommand(),
    btfCommand(),
    genCommand(),
    hooksCommand(),
    iterCommand(),
    scenarioCommand(),
    versionCommand(),
  ]) {
    program.addCommand(command);
  }
  program.commandsGroup('With the daemon (npm start):');
  for (const command of [
    statusCommand(),
    traceCommand(),
    historyCommand(),
    execCommand(),
    podsCommand(),
    sessionsCommand(),
    mapCommand(),
    linkCommand(),
    pinCommand(),
    unpinCommand(),
    bpffsCommand(),
    objectCommand(),
    workloadCommand(),
    kernelCommand(),
  ]) {
    program.addCommand(command);
  }
  return program.addCommand(helpCommand(program).helpGroup('In this process:'));
}
