/**
 * ELF object files as collections of programs and maps, and their fitting to a kernel: linking, CO-RE, externs.
 * Canonical source: libbpf (tools/lib/bpf/libbpf.c of Linux 6.18), Documentation/bpf/llvm_reloc.rst.
 */
export { type EventType, eventTypes, namedEventType, pickEventType } from './event-types';
export { explainLog, missingKfuncName } from './explain-log';
export type { Extern, KconfigExtern, KfuncExtern, KsymExtern } from './externs';
export { linkObjects } from './linker/link-objects';
export type { LinkInput } from './linker/source';
export type { ObjectProgram, ObjectSpec } from './object-spec';
export { parseObject } from './parse-object';
export { programFault, retype } from './program-type';
export { relocate, relocateProgram } from './relocate';
export { findMap, listVariables, type ObjectVariable, resizeMap, setVariable } from './variables';
