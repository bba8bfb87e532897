/** Records on their way from the kernel thread to store and clients: the ring between the threads, and what follows it. */
export { follow, type RecordPosition, type RecordSource, replayAndFollow } from './follow';
export type { AnyFrame, SizedItem, StoreBatch, StreamFrame } from './frames';
export {
  type ItemFilter,
  recordFilter,
  SessionPods,
  sessionFilter,
  traceFilter,
} from './item-filter';
export { type ContentsDigest, digestOf, MapChanges } from './map-changes';
export { type PipelineStatistics, RecordPipeline } from './record-pipeline';
export { type RingWrite, SharedRing } from './shared-ring';
export { Subscription } from './subscription';
export { ManualTimers, SYSTEM_TIMERS, type Timers } from './timers';
