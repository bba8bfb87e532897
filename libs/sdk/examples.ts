import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { suggestion } from '@probed/base';
import { packageRoot } from '@probed/package';
import { fail } from './errors';

const ENOENT = 2;

/**
 * Path of an example object that comes with this package: `execaudit`, `opensnoop`, `podtrace`, `profile`, `syscount`,
 * `tcpconnect`, `uprobe_readline`. Its C source lies beside it. @throws ProbedError `no-such-name`
 */
export function exampleObject(name: string): string {
  const folder = join(packageRoot(), 'examples');
  const path = join(folder, name, `${name}.bpf.o`);
  if (/^\w+$/.test(name) && existsSync(path)) return path;
  const known = readdirSync(folder).filter((entry) => existsSync(join(folder, entry, `${entry}.bpf.o`)));
  return fail('no-such-name', `no example ${name}`, { errno: ENOENT, hint: suggestion(name, known) });
}
