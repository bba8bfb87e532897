/**
 * One emulated node: kernel and BPF runtime joined. It implements what bpf(2) does on Linux, builds the contexts that
 * programs see, and hands their output to user space.
 */

export type { LinkStats } from './attach/attached-program';
export type { Attachment, AttachOptions, PerfTarget } from './attach/attachment';
export { PERF_EVENTS, parsePerfTarget } from './attach/perf-event';
export { Collection, type CollectionOptions, type Link } from './collection';
export { attachesBySection, nearestHooks } from './configure/attachable';
export { eventChoices } from './configure/event-choices';
export { objectsWithMap, resizeMaps } from './configure/maps';
export { withoutOptional } from './configure/optional-programs';
export { setVariables } from './configure/variables';
export { hookCatalogue, hookFormat, hookText, lastNameOf } from './inspect/hook-catalogue';
export { hookMatcher } from './inspect/hook-pattern';
export { xlatedLines } from './inspect/xlated';
export { type KernelImage, type KernelProfile, kernelFacts } from './kernel-facts';
export { Machine, type MachineOptions } from './machine';
export { timeOf } from './output/drain';
export { mergeByTime } from './output/merge';
export type { LostRecords, Origin, Output, OutputRecord } from './output/record';
export { formatTraceLine, type TraceLine } from './trace-pipe';
export {
  dumpMap,
  dumpMapSteps,
  entryDecoder,
  type TypedEntry,
  type TypedMap,
  type TypedStack,
  type TypedVariable,
} from './typed/map-dump';
export { encodeMapKey, encodeMapValue, type ValueInput } from './typed/map-entry';
export { type EventChoice, RecordDecoder, type TypedRecord } from './typed/record-decoder';
export { formatStackFrame, type StackFrame } from './typed/stack-frames';
export { memberAt, type TimestampMember } from './typed/timestamps';
export { formatWallNs, type WallClock, wallTimeOf } from './typed/wall-time';
