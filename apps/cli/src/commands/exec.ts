import type { Command } from 'commander';
import type { ExecOptions } from '../client/exec';
import { newCommand } from '../command';
import { withDaemon } from './daemon-options';

/** `probectl exec`. */
export function execCommand(): Command {
  const command = newCommand({
    usage: 'exec <pod> [command...]',
    summary: 'run a command in a container of the emulated cluster',
    description:
      "Runs a command in a pod's container, as kubectl exec does, and ends with its exit code. With -it the terminal is " +
      "the session's: keys go there as they are, Ctrl-C with them. Without -t standard output and standard error stay " +
      'apart. With --json it waits for the end and prints one document with both. POD is a name, NAMESPACE/NAME, or the ' +
      'beginning of the names of one workload, whose first pod is taken.',
    examples: [
      'probectl exec -it toolbox -- bash',
      'probectl exec db-0 -- cat /etc/hostname',
      "probectl exec web -n shop -c nginx -- bash -c 'ls /etc | wc -l'",
      'probectl exec toolbox --json -- id',
    ],
  })
    .option('-n, --namespace <namespace>', "the pod's namespace (default: any that has such a pod)")
    .option('-c, --container <container>', 'which container (default: the first)')
    .option('-i, --stdin', 'pass standard input on')
    .option('-t, --tty', 'standard input and output are a terminal')
    .option('--user <user>', 'who asks, for the record (default: your user name)');
  return withDaemon(command).action(async (pod: string, words: string[], options: ExecOptions) => {
    const { exec } = await import('../client/exec.js');
    await exec(pod, words, options);
  });
}
