/** What our verifier must know of a kernel, taken from the one that runs. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
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
  const { release, versionCode, symbols, tracepoints, config } = loadReferenceKernel();
  const image = { release, versionCode, btf: btf.value, symbols, tracepoints, config };
  return kernelFacts(image, cpus().length, 'host');
}
