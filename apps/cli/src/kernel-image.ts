import { loadReferenceKernel, readBtfFile } from '@probed/assets';
import { Btf } from '@probed/btf';
import type { KernelImage } from '@probed/machine';
import { CommandError, orFail } from './errors';
import { readInputFile } from './input/read-file';

/** The emulated kernel's image; its parts are read when first asked for. */
export function kernelImage(): KernelImage {
  const reference = loadReferenceKernel();
  let btf: Btf | undefined;
  return {
    release: reference.release,
    versionCode: reference.versionCode,
    get btf() {
      btf ??= orFail(Btf.parse(reference.btf));
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

/** BTF of a file: raw, compressed, or an ELF file's `.BTF`. */
export function btfOfFile(path: string): Btf {
  orFail(readInputFile(path));
  const parsed = Btf.parse(orFail(readBtfFile(path)));
  if (parsed.ok) return parsed.value;
  throw new CommandError({ ...parsed.error, where: path });
}
