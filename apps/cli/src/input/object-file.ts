import type { Result } from '@probed/base';
import { dumpC } from '@probed/btf';
import type { KernelImage } from '@probed/machine';
import { type ObjectSpec, parseObject } from '@probed/object';
import { orFail } from '../errors';
import { Progress } from '../output/progress';
import { compileBpf } from './clang';
import { readInputFile } from './read-file';

/** Reads objects, compiling C sources first; what compiling needs is made once. */
export class ObjectFiles {
  private header: string | undefined;

  /** @param image asked for when there is something to compile */
  constructor(private readonly image: KernelImage | (() => KernelImage)) {}

  /** An object from `FILE.bpf.o` or `FILE.bpf.c`. Errors name the file. */
  async read(path: string): Promise<Result<ObjectSpec>> {
    const bytes = await this.bytesOf(path);
    return bytes.ok ? parseObject(bytes.value, path) : bytes;
  }

  /** Bytes of the object file, unparsed. */
  async bytesOf(path: string): Promise<Result<Uint8Array>> {
    const file = readInputFile(path);
    if (!file.ok || !path.endsWith('.c')) return file;
    const progress = new Progress();
    progress.begin(`compiling ${path}`);
    const compiled = await compileBpf(path, () => this.vmlinuxH());
    progress.clear();
    return compiled;
  }

  private vmlinuxH(): string {
    if (this.header === undefined) {
      const { btf } = typeof this.image === 'function' ? this.image() : this.image;
      this.header = orFail(dumpC(btf));
    }
    return this.header;
  }
}

/** Short name of an object in output: its file name up to the first dot. */
export function objectLabel(path: string): string {
  const base = path.slice(path.lastIndexOf('/') + 1);
  const dot = base.indexOf('.');
  return dot > 0 ? base.slice(0, dot) : base;
}
