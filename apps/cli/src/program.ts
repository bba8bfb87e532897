import type { Command } from 'commander';
import { newCommand } from './command';
import { btfCommand } from './commands/btf';
import { demoCommand } from './commands/demo';
import { helpCommand } from './commands/help';
import { hooksCommand } from './commands/hooks';
import { progCommand } from './commands/prog';
import { runCommand } from './commands/run';
import { scenarioCommand } from './commands/scenario';
import { versionCommand } from './commands/version';
import { packageVersion } from './package-version';

/** All of `probectl`. Commands load what they need when they run, so that help is quick. */
export function createProgram(): Command {
  const program = newCommand({
    usage: 'probectl',
    summary: 'run real eBPF programs in an emulated Linux kernel',
    description:
      'Runs real, clang-compiled eBPF programs in an emulated Linux 6.18 kernel, in this process: no root, no kernel ' +
      'config, no VM, and the same result for the same seed.',
    examples: [
      'probectl demo',
      'probectl run examples/execaudit/execaudit.bpf.o',
      'probectl prog verify my.bpf.o',
      "probectl hooks 'tracepoint:sched:*'",
    ],
  })
    .helpCommand(false)
    .version(packageVersion(), '-V, --version', 'print the version of probectl');
  const commands = [
    runCommand(),
    demoCommand(),
    progCommand(),
    btfCommand(),
    hooksCommand(),
    scenarioCommand(),
    versionCommand(),
  ];
  for (const command of commands) program.addCommand(command);
  return program.addCommand(helpCommand(program));
}
