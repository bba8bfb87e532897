/**
 * BPF maps in linear memory with the kernel's semantics.
 * Canonical sources: kernel/bpf/{arraymap,hashtab,ringbuf,stackmap}.c, kernel/events/ring_buffer.c of Linux 6.18.
 */
export type { BpfMap, MapEntry } from './bpf-map';
export { createMap } from './create-map';
export { IdArrayMap } from './id-array';
export { LocalStorageMap } from './local-storage';
export type { MapEnv, ProgramRef } from './map-env';
export { MapRegistry } from './map-registry';
export { PerfEventArray, type PerfRecord } from './perf-event-array';
export { ProgArrayMap } from './prog-array';
export { RingBuffer, ringBaseOf } from './ringbuf';
export { StackTraceMap } from './stack-trace';
