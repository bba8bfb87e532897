import type { KernelConfig, KernelSymbols, TracepointFormats } from '@probed/abi';
import type { Btf } from '@probed/btf';
import type { KernelDeviation, KernelFacts } from '@probed/spec';

/** The kernel that a machine emulates: what was taken over from a real one. */
export interface KernelImage {
  /** e.g. `6.18.0`. */
  readonly release: string;
  readonly versionCode: number;
  readonly btf: Btf;
  readonly symbols: KernelSymbols;
  readonly tracepoints: TracepointFormats;
  readonly config: KernelConfig;
  /** The kernel whose code paths run when this one only lends its layout; see `loadKernelImage` of lib `assets`. */
  readonly wornOver?: KernelImage;
}

/** Which kernel a program is judged for: the target, or the reference host with its deviations. */
export type KernelProfile = 'target' | 'host';

/** What the reference host lacks of the target (see {@link KernelDeviation}). */
const HOST_DEVIATIONS: readonly KernelDeviation[] = [
  'lockdown',
  'no-kprobe-override',
  'no-data-symbols',
  'no-trampoline',
  'no-lirc',
  'narrow-write-marks',
];

/** What the verifier and the loader are told of a kernel image. */
export function kernelFacts(
  image: KernelImage,
  cpus: number,
  profile: KernelProfile = 'target',
): KernelFacts {
  return {
    btf: image.btf,
    release: image.release,
    versionCode: image.versionCode,
    cpus,
    tracepointRecordBytes: (group, name) => image.tracepoints.get(group, name)?.recordBytes,
    symbol: (name) => image.symbols.address(name),
    config: (name) => image.config.get(name),
    deviations: new Set(profile === 'host' ? HOST_DEVIATIONS : []),
  };
}
