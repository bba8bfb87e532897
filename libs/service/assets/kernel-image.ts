import type { KernelConfig } from '@probed/abi';
import { assert } from '@probed/base';
import { Btf } from '@probed/btf';
import type { KernelImage } from '@probed/machine';
import { loadReferenceKernel } from './reference-kernel';
import { versionCodeOf } from './release';
import { wornTracepoints } from './worn-tracepoints';

/** Another kernel in place of the reference kernel: what is not said is the reference kernel's. */
export interface CustomKernel {
  readonly btf: Btf;
  /** e.g. `5.10.0-43-cloud-amd64`: what uname shows and `LINUX_KERNEL_VERSION` is. */
  readonly release?: string;
  /** For `.kconfig` externs. */
  readonly config?: KernelConfig;
}

let reference: KernelImage | undefined;

/**
 * The kernel that machines emulate: the reference kernel, or another one. With a custom kernel, objects, function
 * prototypes, tracepoint records and raw tracepoint arguments are laid out as its BTF says; code paths stay the reference
 * kernel's, and so do symbols and tracepoints, with the functions that only the other kernel has and less the tracepoints
 * that it lacks.
 * @throws when the data that ships with the package is missing or damaged, or `release` is none ({@link versionCodeOf})
 */
export function loadKernelImage(custom?: CustomKernel): KernelImage {
  reference ??= lazyReference();
  return custom ? customImage(reference, custom) : reference;
}

function lazyReference(): KernelImage {
  const data = loadReferenceKernel();
  let btf: Btf | undefined;
  return {
    release: data.release,
    versionCode: data.versionCode,
    get btf() {
      btf ??= parseBtf(data.btf);
      return btf;
    },
    get symbols() {
      return data.symbols;
    },
    get tracepoints() {
      return data.tracepoints;
    },
    get config() {
      return data.config;
    },
  };
}

function customImage(base: KernelImage, { btf, release = base.release, config }: CustomKernel): KernelImage {
  const versionCode = versionCodeOf(release);
  assert(versionCode !== undefined, `${release} is no kernel release`);
  let tracepoints: KernelImage['tracepoints'] | undefined;
  let symbols: KernelImage['symbols'] | undefined;
  return {
    release,
    versionCode,
    btf,
    wornOver: base,
    get symbols() {
      symbols ??= btf === base.btf ? base.symbols : wornSymbols(base.symbols, btf);
      return symbols;
    },
    get tracepoints() {
      tracepoints ??= wornTracepoints(base.tracepoints, base.btf, btf);
      return tracepoints;
    },
    get config() {
      return config ?? base.config;
    },
  };
}

/** The reference kernel's, and functions that only the other kernel has: they can be probed, if little calls them. */
function wornSymbols(symbols: KernelImage['symbols'], btf: Btf): KernelImage['symbols'] {
  const added = new Set<string>();
  for (const id of btf.idsOfKind('func')) {
    const { name } = btf.type(id);
    if (!symbols.has(name)) added.add(name);
  }
  return added.size > 0 ? symbols.withFunctions([...added]) : symbols;
}

function parseBtf(bytes: Uint8Array): Btf {
  const parsed = Btf.parse(bytes);
  assert(parsed.ok, 'the BTF that ships with the package does not parse');
  return parsed.value;
}
