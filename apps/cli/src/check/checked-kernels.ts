import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import {
  loadKernelImage,
  readKernelBtf,
  readKernelWithModules,
  releaseOfName,
  versionCodeOf,
} from '@probed/assets';
import { diagnostic, err, type Result } from '@probed/base';
import type { Btf } from '@probed/btf';
import { type CheckedKernel, checkedKernel, kernelFacts } from '@probed/machine';
import { fail, orFail } from '../errors';
import { checkRelease, readKconfig } from '../input/kernel-option';
import { readInputFile } from '../input/read-file';

/** A column of the table: a kernel and what it is called. */
export interface NamedKernel extends CheckedKernel {
  /** Short, and no other kernel's. */
  readonly name: string;
  /** Undefined for the emulated kernel. */
  readonly file?: string;
  /** What `LINUX_KERNEL_VERSION` is there. */
  readonly release: string;
  /** Where the release is from. */
  readonly releaseFrom: 'given' | 'file-name' | 'reference';
  /** Where the values of `.kconfig` externs are from. */
  readonly configFrom: 'given' | 'reference';
}

export interface CheckedKernelsOptions {
  /** Files or folders, `FILE` or `RELEASE=FILE`. */
  readonly btf?: readonly string[];
  readonly release?: string;
  readonly kconfig?: string;
}

const CPUS = 4;
const KERNELS_MAX = 200;

/** The kernels that the user names, in that order; with none, the emulated one. Each BTF is read once. */
export function checkedKernels(options: CheckedKernelsOptions): NamedKernel[] {
  checkRelease(options.release);
  const files = (options.btf ?? []).flatMap(kernelFiles);
  if (files.length > KERNELS_MAX)
    fail('too-many-kernels', `${files.length} kernels; at most ${KERNELS_MAX} at a time`);
  const config = options.kconfig === undefined ? undefined : readKconfig(options.kconfig);
  const configFrom = config ? 'given' : 'reference';
  const names = shortNames(files.map(({ path }) => path));
  const reference = loadKernelImage();
  if (files.length === 0) {
    const release = options.release ?? reference.release;
    const image = loadKernelImage({ btf: reference.btf, release, ...(config && { config }) });
    const kernel = checkedKernel(kernelFacts(image, CPUS), reference.btf);
    const releaseFrom = options.release ? 'given' : 'reference';
    return [{ ...kernel, name: `emulated ${short(release)}`, release, releaseFrom, configFrom }];
  }
  return files.map(({ path, modules, release: own }, i) => {
    const btf = orFail(readBtf(path, modules));
    const given = own ?? options.release;
    const told = releaseOfName(path);
    const release = given ?? told ?? reference.release;
    const image = loadKernelImage({ btf, release, ...(config && { config }) });
    const kernel = checkedKernel(kernelFacts(image, CPUS), reference.btf);
    const releaseFrom = given ? 'given' : told ? 'file-name' : 'reference';
    return { ...kernel, name: own ?? names[i], file: path, release, releaseFrom, configFrom };
  });
}

interface KernelFile {
  readonly path: string;
  /** Split BTF of its modules. */
  readonly modules: readonly string[];
  readonly release?: string;
}

function kernelFiles(word: string): KernelFile[] {
  const at = word.indexOf('=');
  const release = at > 0 && versionCodeOf(word.slice(0, at)) !== undefined ? word.slice(0, at) : undefined;
  const path = release === undefined ? word : word.slice(at + 1);
  if (!isFolder(path)) {
    orFail(readInputFileHead(path));
    return [{ path, modules: [], ...(release !== undefined && { release }) }];
  }
  return folderFiles(path).map((file) => ({ ...file, ...(release !== undefined && { release }) }));
}

/** Existence and size; `readKernelBtf` reads it. */
function readInputFileHead(path: string): Result<unknown> {
  try {
    return statSync(path).isFile()
      ? { ok: true, value: null }
      : err(diagnostic('file-unreadable', 'is no file', { where: path }));
  } catch {
    return readInputFile(path);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

const BTF_FILE = /(\.btf(\.gz|\.br)?$)|^vmlinux/;
/** Compressed images hold their BTF where it cannot be seen. */
const NOT_BTF = /\.(o|c|h|tar|xz|txz|zst|deb|rpm|txt|json|map)$/;

/** Kernels in a folder: `*.btf` and `vmlinux*`; where one is named `vmlinux` alone, all others are its modules. */
function folderFiles(folder: string): KernelFile[] {
  const names = readdirSync(folder)
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort(byVersion);
  const kernels = names.filter((name) => BTF_FILE.test(name) && !NOT_BTF.test(name));
  if (kernels.length === 0) fail('no-btf', 'holds no *.btf and no vmlinux*', { where: folder, errno: 2 });
  if (kernels.length === 1 && kernels[0] === 'vmlinux') {
    const modules = names.filter((name) => name !== 'vmlinux' && !/\./.test(name.replace(/\.ko$/, '')));
    return [{ path: join(folder, 'vmlinux'), modules: modules.map((name) => join(folder, name)) }];
  }
  return kernels.map((name) => ({ path: join(folder, name), modules: [] }));
}

/** Numbers inside names by value, so that 5.4 comes before 5.10. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function readBtf(path: string, modules: readonly string[]): Result<Btf> {
  return modules.length ? readKernelWithModules(path, modules) : readKernelBtf(path);
}

/** File names without what all have, with their folders where two are the same. */
function shortNames(paths: readonly string[]): string[] {
  const bare = paths.map((path) => short(basename(path)));
  return bare.map((name, i) => {
    if (bare.indexOf(name) === i && bare.lastIndexOf(name) === i) return name;
    const folder = basename(dirname(paths[i]));
    return folder === '' || folder === '.' ? `${name}-${i + 1}` : `${folder}/${name}`;
  });
}

function short(name: string): string {
  const bare = name
    .replace(/\.(gz|br)$/, '')
    .replace(/\.btf$/, '')
    .replace(/\.0$/, '');
  return bare.replace(/^vmlinux[-_.]?(?=.)/, '') || name;
}
