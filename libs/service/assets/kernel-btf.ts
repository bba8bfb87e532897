import { type Diagnostic, diagnostic, err, ok, type Result } from '@probed/base';
import { Btf, concatBtf } from '@probed/btf';
import type { CustomKernel } from './kernel-image';
import { readBtfFile } from './reference-kernel';
import { releaseOfName, versionCodeOf } from './release';

const EINVAL = 22;

/** Structs without which there are no tasks and files to show to programs. */
const NEEDED_STRUCTS = ['task_struct', 'mm_struct', 'file', 'inode', 'dentry', 'cred', 'pt_regs'] as const;

/**
 * Types of a kernel from a file: raw BTF, compressed BTF, or the `.BTF` of a vmlinux. Errors name the file:
 * `btf-unreadable`, `btf-missing`, `btf-bad-magic`, `btf-too-large`, `btf-malformed`.
 */
export function readKernelBtf(path: string): Result<Btf> {
  const bytes = readBtfFile(path);
  if (!bytes.ok) return bytes;
  const parsed = Btf.parse(bytes.value);
  return parsed.ok ? parsed : err({ ...parsed.error, where: path });
}

/**
 * A kernel's types with those of its modules: split BTF, as `/sys/kernel/btf/<module>` and the `.BTF` of a `.ko` have
 * it. Errors as {@link readKernelBtf}; a module that is split from another kernel gives `btf-malformed`.
 */
export function readKernelWithModules(path: string, modules: readonly string[]): Result<Btf> {
  const base = readKernelBtf(path);
  if (!base.ok) return base;
  const parts: Btf[] = [];
  for (const file of modules) {
    const bytes = readBtfFile(file);
    if (!bytes.ok) return bytes;
    const part = Btf.parse(bytes.value, base.value);
    if (!part.ok) return err({ ...part.error, where: file, hint: `is it a module of ${path}?` });
    parts.push(part.value);
  }
  return parts.length === 0 ? base : Btf.parse(concatBtf(parts, base.value), base.value);
}

/**
 * A kernel for a machine to be, from a BTF file: that file's types, and the release that is given, or that the file's
 * name tells; with neither, the reference kernel's. Errors: those of {@link readKernelBtf}, `btf-not-a-kernel`,
 * `kernel-release`.
 */
export function readCustomKernel(path: string, release?: string): Result<CustomKernel> {
  if (release !== undefined && versionCodeOf(release) === undefined) {
    const hint = 'e.g. 5.10, 6.1.0 or 5.10.0-43-amd64';
    return err(diagnostic('kernel-release', `${release} is no kernel release`, { errno: EINVAL, hint }));
  }
  const btf = readKernelBtf(path);
  if (!btf.ok) return btf;
  const fault = whyNotWearable(btf.value);
  if (fault) return err({ ...fault, where: path });
  const known = release ?? releaseOfName(path);
  return ok({ btf: btf.value, ...(known !== undefined && { release: known }) });
}

/** Why a machine cannot be this kernel: its BTF is an object's, a module's, or was cut down to what one tool needs. */
export function whyNotWearable(btf: Btf): Diagnostic | undefined {
  const lacking = NEEDED_STRUCTS.filter((name) => btf.findByName(name, 'struct') === undefined);
  if (lacking.length === 0 && btf.memberOffset(btf.findByName('task_struct', 'struct')!, 'pid') !== undefined)
    return undefined;
  const what = lacking.length ? `no struct ${lacking[0]}` : 'no task_struct.pid';
  return diagnostic('btf-not-a-kernel', `${what}: not the BTF of a whole kernel`, {
    errno: EINVAL,
    hint: "give a vmlinux or its BTF (/sys/kernel/btf/vmlinux); a tool's minimised BTF is enough for: probectl prog check",
  });
}
