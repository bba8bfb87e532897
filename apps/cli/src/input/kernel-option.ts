import { gunzipSync } from 'node:zlib';
import { KernelConfig } from '@probed/abi';
import {
  type CustomKernel,
  loadKernelImage,
  readCustomKernel,
  readKernelBtf,
  releaseOfName,
  versionCodeOf,
} from '@probed/assets';
import type { KernelImage } from '@probed/machine';
import { fail, failUsage, orFail } from '../errors';
import { note } from '../output/printer';
import { readInputFile } from './read-file';

/** What the user says of the kernel: the options that `withKernel` of the commands adds. */
export interface KernelChoice {
  /** File with another kernel's BTF. */
  readonly btf?: string;
  /** That kernel's release. */
  readonly release?: string;
  /** File with that kernel's configuration. */
  readonly kconfig?: string;
}

/** The kernel that the machine is to be; its release is said where the user might have meant another. */
export function chosenKernel(choice: KernelChoice): KernelImage {
  const { btf, release, kconfig } = choice;
  const config = kconfig === undefined ? undefined : readKconfig(kconfig);
  if (btf !== undefined) {
    const custom = orFail(readCustomKernel(btf, release));
    if (custom.release === undefined) noteRelease(btf);
    return loadKernelImage({ ...custom, ...(config && { config }) });
  }
  if (release === undefined && config === undefined) return loadKernelImage();
  const reference = loadKernelImage();
  checkRelease(release);
  return loadKernelImage({ btf: reference.btf, ...(release && { release }), ...(config && { config }) });
}

/** The kernel to judge for: any BTF will do, since nothing is run. */
export function judgedKernel(choice: KernelChoice): KernelImage {
  const { btf, release, kconfig } = choice;
  if (btf === undefined) return chosenKernel(choice);
  checkRelease(release);
  const config = kconfig === undefined ? undefined : readKconfig(kconfig);
  const known = release ?? releaseOfName(btf);
  const custom: CustomKernel = {
    btf: orFail(readKernelBtf(btf)),
    ...(known !== undefined && { release: known }),
    ...(config && { config }),
  };
  return loadKernelImage(custom);
}

export function checkRelease(release: string | undefined): void {
  if (release !== undefined && versionCodeOf(release) === undefined)
    failUsage(`--release: ${release} is no kernel release`, 'e.g. 5.10, 6.1.0 or 5.10.0-43-amd64');
}

function noteRelease(path: string): void {
  const { release } = loadKernelImage();
  note(
    `${path}: its name tells no release, so the kernel says that it is ${release}; --release X.Y.Z names another`,
  );
}

/** Configuration as `/boot/config-*` or `/proc/config.gz` has it. */
export function readKconfig(path: string): KernelConfig {
  const bytes = orFail(readInputFile(path));
  const config = new KernelConfig(new TextDecoder().decode(unzipped(path, bytes)));
  if (config.names().next().done)
    fail('kconfig-file', 'no line of it reads CONFIG_X=value', { where: path, errno: 22 });
  return config;
}

const CONFIG_BYTES_MAX = 4 * 1024 * 1024;

function unzipped(path: string, bytes: Uint8Array): Uint8Array {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: CONFIG_BYTES_MAX });
  } catch (error) {
    return fail('kconfig-file', (error as Error).message, { where: path, errno: 22 });
  }
}
