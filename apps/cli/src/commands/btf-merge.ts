import type { Command } from 'commander';
import { newCommand, withJson } from '../command';
import type { MergeBtfOptions } from '../inspect/merge-btf';

/** `probectl btf merge`. */
export function btfMergeCommand(): Command {
  const command = newCommand({
    usage: 'merge <output> <files...>',
    summary: 'write the types of several files as one BTF, each type once',
    description:
      'Reads objects, kernels or raw BTF, puts their types into one numbering and deduplicates them as libbpf does: ' +
      'equal types become one, and what one file only declares becomes what another defines. The output is raw BTF.',
    examples: [
      'probectl btf merge all.btf a.bpf.o b.bpf.o',
      'probectl btf merge modules.btf one.btf two.btf --base /sys/kernel/btf/vmlinux',
    ],
  }).option('-B, --base <file>', 'the kernel that all of them are split from');
  return withJson(command).action(async (output: string, files: string[], options: MergeBtfOptions) => {
    const { mergeFiles } = await import('../inspect/merge-btf.js');
    mergeFiles(output, files, options);
  });
}

/** `probectl btf dedup`. */
export function btfDedupCommand(): Command {
  const command = newCommand({
    usage: 'dedup <output> <file>',
    summary: "write a file's types, each once",
    description:
      'Deduplicates the BTF of an object, a kernel or a file as libbpf does, and drops strings that nothing uses. ' +
      'The output is raw BTF.',
    examples: [
      'probectl btf dedup small.btf large.btf',
      'probectl btf dedup module.btf raw.btf --base vmlinux.btf',
    ],
  }).option('-B, --base <file>', 'the kernel that split BTF belongs to');
  return withJson(command).action(async (output: string, file: string, options: MergeBtfOptions) => {
    const { mergeFiles } = await import('../inspect/merge-btf.js');
    mergeFiles(output, [file], options);
  });
}
