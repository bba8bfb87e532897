import type { Command } from 'commander';
import { newCommand, withJson } from '../command';
import type { DiffBtfOptions } from '../inspect/diff-btf';

/** `probectl btf diff`. */
export function btfDiffCommand(): Command {
  const command = newCommand({
    usage: 'diff <before> <after> [types...]',
    summary: 'how structs differ between two kernels or objects',
    description:
      'Prints the members of structs and unions that were added, removed, moved or retyped. Without TYPES, all that ' +
      'both files have. Exit code 1 when something differs, as diff has it.',
    examples: [
      'probectl btf diff vmlinux-5.10.btf vmlinux-6.1.btf task_struct sock',
      'probectl btf diff vmlinux-6.1.btf vmlinux-6.12.btf --json',
    ],
  });
  return withJson(command).action(
    async (before: string, after: string, types: string[], options: DiffBtfOptions) => {
      const { diffBtf } = await import('../inspect/diff-btf.js');
      await diffBtf(before, after, types, options);
    },
  );
}
