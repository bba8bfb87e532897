/**
 * One emulated node: kernel and BPF runtime joined. It implements what bpf(2) does on Linux, builds the contexts that
 * programs see, and hands their output to user space.
 */

export type { LinkStats } from './attach/attached-program';
export type { Attachment, AttachOptions, IterOptions, PerfTarget } from './attach/attachment';
export { PERF_EVENTS, parsePerfTarget } from './attach/perf-event';
export { Bpffs, type BpffsEntry, type PinKind, type PinnedObject } from './bpffs/bpffs';
export { BPFFS_ROOT } from './bpffs/bpffs-path';
export { canSaveMap, restoreMap, saveMap } from './bpffs/map-contents';
export type { Held } from './bpffs/references';
export { Collection, type CollectionOptions, type Link } from './collection';
export { chooseAlternatives, leftOutRemarks } from './configure/alternatives';
export { withAttachTargets } from './configure/attach-targets';
export { attachesBySection, nearestHooks } from './configure/attachable';
export { eventChoices } from './configure/event-choices';
export { objectsWithMap, resizeMaps } from './configure/maps';
export { withoutOptional } from './configure/optional-programs';
export { unsizedMapRemarks } from './configure/unsized-maps';
export { setVariables } from './configure/variables';
export type { FaultCount } from './faults/fault-injector';
export { type FaultSpec, parseFaults } from './faults/fault-spec';
export { FAULTS } from './faults/fault-table';
export {
  addressBytes,
  anyWord,
  FireContext,
  type Fired,
  type FiredRun,
  type FireSite,
  fireHook,
  fireKernelFunction,
  fireLsm,
  fireSyscall,
  fireUsdt,
  fireUserFunction,
  type HookArguments,
  type HookCall,
  type HookPayload,
  type HookSample,
  type HookValue,
  isMembers,
  KernelObjects,
  ObjectEncoder,
  Pointer,
} from './fire';
export { hookCatalogue, hookFormat, hookText, lastNameOf } from './inspect/hook-catalogue';
export { hookMatcher } from './inspect/hook-pattern';
export { xlatedInsn, xlatedLines } from './inspect/xlated';
export { type KernelImage, type KernelProfile, kernelFacts } from './kernel-facts';
export { collectCoverage } from './line-coverage/collect';
export {
  type CoverageRatio,
  CoverageReport,
  coverageTotals,
  type FileCoverage,
} from './line-coverage/coverage-report';
export { lcovText } from './line-coverage/lcov';
export { Machine, type MachineOptions } from './machine';
export { timeOf } from './output/drain';
export { mergeByTime } from './output/merge';
export type { LostRecords, Origin, Output, OutputRecord } from './output/record';
export {
  type CheckedKernel,
  checkedKernel,
  checkObject,
  type ProgramCheck,
} from './portability/check-object';
export type { Gap, GapKind, GapSource } from './portability/gap';
export { type RecordedRun, type RecordedStep, RunRecorder } from './stepping/run-recorder';
export type { TestRunAttr, TestRunReply } from './test-run/attributes';
export { progTestRun, testRun } from './test-run/test-run';
export { formatTraceLine, type TraceLine } from './trace-pipe';
export type { Histogram, HistogramBucket } from './typed/histogram';
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
export { type ExplainOptions, explainLink } from './why/explain-link';
export type { Finding, FindingCode } from './why/finding';
export { scenariosThatFire } from './why/scenarios-that-fire';
