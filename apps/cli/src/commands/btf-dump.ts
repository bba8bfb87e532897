import { type Command, Option } from 'commander';
import { newCommand } from '../command';
import type { DumpBtfOptions } from '../inspect/dump-btf';

/** `probectl btf dump`. */
export function btfDumpCommand(): Command {
  return newCommand({
    usage: 'dump [file] [words...]',
    summary: "print BTF: the emulated kernel's as vmlinux.h, or a file's",
    description:
      "Without a file, prints the emulated kernel's types: redirect them to vmlinux.h and compile programs against it. " +
      'A file may be an object (.bpf.o), a kernel (vmlinux), raw BTF, or, with --base, the split BTF of a module ' +
      "(/sys/kernel/btf/MODULE). bpftool's order of words is understood as well: btf dump file FILE [format FORMAT " +
      '[unsorted]] [root_id ID]…, whose format is raw when none is said.',
    examples: [
      'probectl btf dump > vmlinux.h',
      'probectl btf dump my.bpf.o',
      'probectl btf dump file my.bpf.o format c',
      'probectl btf dump --btf /sys/kernel/btf/vmlinux --format raw',
      'probectl btf dump /sys/kernel/btf/nf_conntrack --base /sys/kernel/btf/vmlinux',
      'probectl btf dump vmlinux --root-id 42',
    ],
  })
    .addOption(
      new Option(
        '--format <format>',
        'c: a header that compiles; raw: a line a type; json: a document a type',
      ).choices(['c', 'raw', 'json']),
    )
    .option('--json', 'the same as --format json')
    .option('--btf <file>', "this kernel's BTF instead of the emulated one's")
    .option('-B, --base <file>', 'the kernel that split BTF belongs to')
    .option('--root-id <id>', 'this type and what it needs; repeatable', collectIds)
    .option('--unsorted', 'C in order of ids, not of kinds and names')
    .action(async (file: string | undefined, words: string[], options: DumpBtfOptions) => {
      const { dumpBtf, readDumpWords } = await import('../inspect/dump-btf.js');
      await dumpBtf(readDumpWords(file, words, options));
    });
}

function collectIds(word: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, word];
}
