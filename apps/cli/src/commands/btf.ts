import type { Command } from 'commander';
import { newGroup } from '../command';
import { btfDumpCommand } from './btf-dump';

/** `probectl btf`. */
export function btfCommand(): Command {
  return newGroup(
    {
      usage: 'btf',
      summary: 'types of the emulated kernel or of an object',
      examples: ['probectl btf dump > vmlinux.h'],
    },
    [btfDumpCommand()],
  );
}
