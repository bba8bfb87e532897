/** Classic BPF: socket filters and seccomp. Canonical source: net/core/filter.c. */
export { type ClassicFlavour, checkClassic } from './check';
export { convertClassic } from './convert';
export { type ClassicInsn, decodeClassic, encodeClassic, parseClassic } from './insn';
export { type ClassicInput, packetInput, runClassic } from './run';
export { classicCodes, classicSemantics } from './table';
export { classicText } from './text';
