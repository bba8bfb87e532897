import { formatDiagnostic } from '@probed/base';
import { type DaemonConfig, StartFault } from './config';

/** @throws StartFault the BTF file can't be worn; else every boot of the kernel thread would fail */
export async function ensureKernel({ btf, release }: Pick<DaemonConfig, 'btf' | 'release'>): Promise<void> {
  if (btf === undefined) {
    if (release !== undefined) throw new StartFault('--release goes with --btf', 2);
    return;
  }
  // Reading BTF takes code that nobody else here needs.
  const { readCustomKernel } = await import('@probed/assets');
  const read = readCustomKernel(btf, release);
  if (!read.ok) throw new StartFault(formatDiagnostic(read.error), 1);
}
