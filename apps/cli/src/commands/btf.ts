import type { Command } from 'commander';
import { newGroup } from '../command';
import { btfDiffCommand } from './btf-diff';
import { btfDumpCommand } from './btf-dump';
import { btfDedupCommand, btfMergeCommand } from './btf-merge';

/** `probectl btf`. */
export function btfCommand(): Command {
  return newGroup(
    {
      usage: 'btf',
      summary: 'types of the emulated kernel, of kernels and objects: print, compare, merge',
      examples: [
        'probectl btf dump > vmlinux.h',
        'probectl btf diff vmlinux-5.10.btf vmlinux-6.1.btf task_struct',
        'probectl btf merge all.btf a.bpf.o b.bpf.o',
      ],
    },
    [btfDumpCommand(), btfDiffCommand(), btfMergeCommand(), btfDedupCommand()],
  );
}
