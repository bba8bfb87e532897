import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '@probed/package';

const INCLUDE_FOLDER = 'libs/service/assets/include';

/**
 * The folder of the C headers that come with this package, `bpf/bpf_helpers.h` and the like, for clang's `-I`: with
 * it, a program written for libbpf compiles where libbpf's own headers are not installed.
 *
 * @returns absolute path, the same from the sources and from `dist`
 */
export function bundledIncludeDir(): string {
  const folder = join(packageRoot(), INCLUDE_FOLDER);
  if (!existsSync(join(folder, 'bpf/bpf_helpers.h')))
    throw new Error(`missing ${folder}: the checkout is incomplete`);
  return folder;
}
