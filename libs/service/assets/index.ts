/** Files that the pure libs cannot read themselves: reference kernel, BTF of users, C headers. Node only. */
export { bundledIncludeDir } from './include';
export { readCustomKernel, readKernelBtf, readKernelWithModules, whyNotWearable } from './kernel-btf';
export { type CustomKernel, loadKernelImage } from './kernel-image';
export { loadReferenceKernel, type ReferenceKernel, readBtfFile } from './reference-kernel';
export { releaseOfName, versionCodeOf } from './release';
