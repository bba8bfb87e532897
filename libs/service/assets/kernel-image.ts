import { assert } from '@probed/base';
import { Btf } from '@probed/btf';
import type { KernelImage } from '@probed/machine';
import { loadReferenceKernel } from './reference-kernel';

/**
 * The kernel that machines emulate unless told otherwise; its parts are read when first asked for.
 * @throws when the data that ships with the package is missing or damaged
 */
export function loadKernelImage(): KernelImage {
  const reference = loadReferenceKernel();
  let btf: Btf | undefined;
  return {
    release: reference.release,
    versionCode: reference.versionCode,
    get btf() {
      btf ??= parseBtf(reference.btf);
      return btf;
    },
    get symbols() {
      return reference.symbols;
    },
    get tracepoints() {
      return reference.tracepoints;
    },
    get config() {
      return reference.config;
    },
  };
}

function parseBtf(bytes: Uint8Array): Btf {
  const parsed = Btf.parse(bytes);
  assert(parsed.ok, 'the BTF that ships with the package does not parse');
  return parsed.value;
}
