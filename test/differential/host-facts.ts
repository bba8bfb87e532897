/** What our verifier must know of a kernel, taken from the one that runs. */
import { readFileSync } from 'node:fs';
import { cpus, release as osRelease } from 'node:os';
import { loadReferenceKernel } from '@probed/assets';
import { Btf } from '@probed/btf';
import { kernelFacts } from '@probed/machine';
import type { KernelFacts } from '@probed/spec';

const VMLINUX = '/sys/kernel/btf/vmlinux';

/** The reference host's facts with the running kernel's types; @returns undefined where it publishes none */
export function hostFacts(): KernelFacts | undefined {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(VMLINUX);
  } catch {
    return undefined;
  }
  const btf = Btf.parse(bytes);
  if (!btf.ok) return undefined;
  const { symbols, tracepoints, config } = loadReferenceKernel();
  const image = { ...runningVersion(), btf: btf.value, symbols, tracepoints, config };
  return kernelFacts(image, cpus().length, 'host');
}

/** Release and version code (`KERNEL_VERSION`) of the running kernel, which programs see as LINUX_KERNEL_VERSION. */
function runningVersion(): { release: string; versionCode: number } {
  const release = osRelease();
  const [major = 0, minor = 0, patch = 0] = release
    .split(/[.-]/)
    .map((part) => Number.parseInt(part, 10) || 0);
  return { release, versionCode: (major << 16) | (minor << 8) | Math.min(patch, 255) };
}
