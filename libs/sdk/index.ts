/**
 * The public library, `import … from 'probed'`: a machine to load eBPF objects into, hooks to fire by hand, maps and
 * records to look at. In the spirit of libbpf's skeletons and of cilium/ebpf.
 */
export { Pointer } from '@probed/machine';
export { Collection } from './collection';
export type { Duration } from './duration';
export { ProbedError } from './errors';
export { exampleObject } from './examples';
export type {
  CallOptions,
  Fired,
  FiredRun,
  FireOptions,
  HookArguments,
  HookValue,
  SampleOptions,
} from './fire-options';
export type { Link, LinkStats } from './link';
export {
  type ExecutableOptions,
  type HookEntry,
  type LaunchOptions,
  type LoadOptions,
  Machine,
  type MachineOptions,
  type ProbeOptions,
  type TestRun,
  type TraceLine,
} from './machine';
export type { BpfMap, StackFrame, UpdateMode } from './map/bpf-map';
export { htonl, htons, inetAddr, inetNtoa, inetPton, ntohl, ntohs } from './net';
export { KernelObject } from './objects';
export type { AttachOptions, IterTarget, Program, ProgramStats, TestRunOptions } from './program';
export type { EventRecord } from './records/record';
export type { ReadOptions, RecordBuffer } from './records/record-buffer';
export { CollectionSpec, type MapSpec, type ProgramSpec } from './spec/collection-spec';
export { Task, type TaskOptions } from './task';
export type { Value } from './values/value';
