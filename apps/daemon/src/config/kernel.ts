import { formatDiagnostic } from '@probed/base';
import { type DaemonConfig, StartFault } from './config';

/** @throws StartFault the BTF file can't be worn, or the release is none; else every boot of the kernel thread would fail */
export async function ensureKernel({ btf, release }: Pick<DaemonConfig, 'btf' | 'release'>): Promise<void> {
  if (btf === undefined && release === undefined) return;
  // Reading BTF takes code that nobody else here needs.
  const { readCustomKernel, versionCodeOf } = await import('@probed/assets');
  if (release !== undefined && versionCodeOf(release) === undefined)
    throw new StartFault(`--release: ${release} is no kernel release; e.g. 5.10.0-43-amd64`, 2);
  if (btf === undefined) return;
  const read = readCustomKernel(btf, release);
  if (!read.ok) throw new StartFault(formatDiagnostic(read.error), 1);
}
