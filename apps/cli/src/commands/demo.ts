import type { Command } from 'commander';
import { newCommand, withJson } from '../command';
import type { DemoOptions } from '../demo/demo';
import { parseDuration, parseSeed } from '../input/values';
import { withKernel } from './kernel-options';

/** `probectl demo`. */
export function demoCommand(): Command {
  const command = newCommand({
    usage: 'demo',
    summary: 'run the examples that ship with probed, with explanations',
    description:
      'Loads all accepted examples into one machine, runs the demo scenario and prints the live trace; then shows the ' +
      'three examples that the verifier refuses, each with the log that its author sees.',
    examples: [
      'probectl demo',
      'probectl demo --seed 7 --for 1s',
      'probectl demo --btf vmlinux-6.1.btf --for 1s',
    ],
  })
    .option('--for <duration>', "virtual time to run (default: the scenario's)", parseDuration)
    .option('--seed <n>', 'same seed, same run', parseSeed, 1)
    .option('-v, --verbose', 'whole verifier logs');
  return withJson(withKernel(command)).action(async (options: DemoOptions) => {
    const { demo } = await import('../demo/demo.js');
    await demo(options);
  });
}
