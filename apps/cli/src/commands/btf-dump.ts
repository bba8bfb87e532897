import { type Command, Option } from 'commander';
import { newCommand } from '../command';
import type { DumpBtfOptions } from '../inspect/dump-btf';

/** `probectl btf dump`. */
export function btfDumpCommand(): Command {
  return newCommand({
    usage: 'dump [file]',
    summary: "print BTF: the emulated kernel's as vmlinux.h, or a file's",
    description:
      "Without a file, prints the emulated kernel's types: redirect them to vmlinux.h and compile programs against it. " +
      'A file may be an object (.bpf.o), a kernel (vmlinux) or raw BTF.',
    examples: [
      'probectl btf dump > vmlinux.h',
      'probectl btf dump my.bpf.o',
      'probectl btf dump --btf /sys/kernel/btf/vmlinux --format raw',
    ],
  })
    .addOption(
      new Option(
        '--format <format>',
        'c: a header that compiles; raw: a line a type; json: a document a type',
      )
        .choices(['c', 'raw', 'json'])
        .default('c'),
    )
    .option('--json', 'the same as --format json')
    .option('--btf <file>', "this kernel's BTF instead of the emulated one's")
    .action(async (file: string | undefined, options: DumpBtfOptions) => {
      const { dumpBtf } = await import('../inspect/dump-btf.js');
      await dumpBtf(file, options);
    });
}
