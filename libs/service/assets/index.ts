/** Files that the pure libs cannot read themselves: reference kernel, BTF of users, C headers. Node only. */
export { bundledIncludeDir } from './include';
export { loadKernelImage } from './kernel-image';
export { loadReferenceKernel, type ReferenceKernel, readBtfFile } from './reference-kernel';
