import { existsSync } from 'node:fs';
import { join } from 'node:path';

const SOURCE_FOLDER = join('apps', 'daemon', 'src');

/** Folder of the built daemon: where this file runs from, or, when that is the source (tests), `dist` beside it. */
function builtFolder(): string {
  const here = join(__dirname, '..');
  if (existsSync(join(here, 'threads', 'worker-file.js'))) return here;
  const root = here.slice(0, here.length - SOURCE_FOLDER.length);
  return join(root, 'dist', SOURCE_FOLDER);
}

/**
 * Compiled entry of a thread: `kernel-thread`, `store-thread`.
 * @throws when it has not been built
 */
export function workerFile(folder: string): string {
  const file = join(builtFolder(), folder, 'main.js');
  if (!existsSync(file)) throw new Error(`${file} does not exist: run npm run build`);
  return file;
}
