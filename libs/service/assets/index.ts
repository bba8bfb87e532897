/** Files that the pure libs cannot read themselves: the reference kernel's data, BTF files of users. Node only. */
export { loadReferenceKernel, type ReferenceKernel, readBtfFile } from './reference-kernel';
