import type { Kernel } from '../kernel';
import { plantTree } from '../vfs/tree';
import type { ImageProbe } from './image';

/** Bytes of the file; what is read of it is zero. */
const FILE_BYTES = 65_536;

/**
 * Puts an executable or library of the host's into the node's file tree: it has functions for probes to hang at, and
 * does nothing when it is run.
 * @param path absolute
 * @param probes USDT probes, each inside one of the functions
 */
export function installProgram(
  k: Kernel,
  path: string,
  symbols: readonly string[],
  probes: readonly ImageProbe[] = [],
): void {
  k.programs.register({ name: path, image: { path, symbols, probes }, isStatic: true });
  const file = { program: path, size: FILE_BYTES, mode: 0o755 };
  plantTree(
    k.root.dentry.inode!,
    { [path.slice(1)]: file },
    Math.floor(Number(k.realtimeNs() / 1_000_000_000n)),
  );
}
