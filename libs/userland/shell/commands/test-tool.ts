import type { Sys } from '@probed/system';
import { execProgram } from './run-child';
import type { ToolRun } from './tool';

/** `/usr/bin/test` and `/usr/bin/[`, for those who call them without a shell: the shell's own. */
export function runTest({ u }: ToolRun): Sys {
  return execProgram(u, ['/bin/bash', '-c', `${u.argv[0].endsWith('[') ? '[' : 'test'} "$@"`, ...u.argv]);
}
