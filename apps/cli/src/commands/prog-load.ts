import { type Command, Option } from 'commander';
import type { LoadOptions } from '../client/load-object';
import { newCommand } from '../command';
import { collectAssignment, collectEventChoice, collectMapOption } from '../input/values';
import { withDaemon } from './daemon-options';

/** `probectl prog load`. */
export function progLoadCommand(): Command {
  const command = newCommand({
    usage: 'load <file>',
    summary: 'load an object into the daemon and attach its programs',
    description:
      'Sends FILE.bpf.o (or compiles FILE.bpf.c with clang) to the daemon, which verifies, compiles and attaches its ' +
      'programs on all nodes, or on one. What the verifier refuses is refused as a whole, with its log.',
    examples: [
      'probectl prog load examples/opensnoop/opensnoop.bpf.o',
      'probectl prog load tool.bpf.c --name tool --set target_uid=1000 --map events:max=1048576',
      'probectl prog load profile.bpf.o --attach sample=cpu-clock:hz=99 --node node-1',
      'probectl prog load my.bpf.o --no-attach --event events=event',
      'probectl prog load my.bpf.o --only on_exec --pin-maps /sys/fs/bpf/mine',
    ],
  })
    .option(
      '--name <name>',
      "the object's name in lists and records (default: the file's, up to the first dot)",
    )
    .addOption(
      new Option(
        '--attach <program=target>',
        'attach a program elsewhere than its section says; repeatable',
      ).argParser(collectAssignment),
    )
    .option('--no-attach', 'attach nothing yet; see: probectl link attach')
    .option('--node <node>', 'on this node only (default: all nodes)')
    .option('--set <var=value>', 'set a global variable before load; repeatable', collectAssignment)
    .option('--map <name:max=n>', 'size a map before load; repeatable', collectMapOption)
    .option(
      '--event <[map=]struct>',
      'what the records of a map are, when the object does not tell',
      collectEventChoice,
    )
    .addOption(
      new Option('--only <program>', 'load this program and no others; repeatable').argParser(collectText),
    )
    .addOption(
      new Option(
        '--type <[program=]type>',
        'load a program, or all, as if of this section, e.g. xdp, kprobe/vfs_read; repeatable',
      ).argParser(collectText),
    )
    .option('--strict', 'load every program, also those that another one or a missing hook makes pointless')
    .option('--pin-maps <folder>', 'pin every map in this folder of bpffs, which is made when it is missing')
    .option('--no-pin-by-name', 'neither pin maps with LIBBPF_PIN_BY_NAME nor take them from their pins')
    .option('--optional <programs...>', 'programs of sections with a ? to load, too')
    .option('-v, --verbose', 'long evidence with errors: the whole verifier log, all compiler output');
  return withDaemon(command).action(async (file: string, options: LoadOptions) => {
    const { loadObject } = await import('../client/load-object.js');
    await loadObject(file, options);
  });
}

function collectText(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
