/**
 * What eBPF is made of, as tables: helper prototypes, program types, context layouts, section names, map types.
 * Canonical sources: include/uapi/linux/bpf.h and kernel/bpf/ of Linux 6.18.
 */
export type { ArgBase, HelperArg, HelperRet, RetBase, TypeFlag } from './arg-types';
export { attachTypeLawful } from './attach-types';
export {
  type ContextAccess,
  type ContextAccessRule,
  type ContextField,
  type ContextFieldKind,
  type ContextLayout,
  type ContextView,
  contextAccess,
} from './ctx/layout';
export {
  SOCK_COMMON_VIEW,
  SOCKET_VIEW,
  TCP_SOCK_COUNTERS,
  TCP_SOCK_VIEW,
  XDP_SOCK_VIEW,
} from './ctx/sock';
export { isErrorInjectable } from './error-injection';
export {
  BudgetExceeded,
  type CallbackInvoker,
  type ExecutableProgram,
  type ExecutionEnv,
  type HelperFn,
} from './execution';
export { ExecutionCounters } from './execution-counters';
export { type AbiRet, type AbiSlot, type HelperAbi, type HelperProto, helperAbi } from './helper-proto';
export { type HelperSite, helperAllowedAtHook, helperOfHook } from './helper-rules';
export { type HelperCapability, helperAllowed, helperCapabilities } from './helper-sets';
export { HELPERS, helperById, helperByName } from './helper-table';
export { helperProtoFor } from './helper-variants';
export type { KernelDeviation, KernelFacts } from './kernel-facts';
export { kfuncAbi, kfuncName, linkedKfunc, SUPPORTED_KFUNCS } from './kfunc-abi';
export { KFUNCS, type KfuncFlag, type KfuncRow, kfuncByName, kfuncFor } from './kfuncs';
export { type LsmHookRules, lsmHookRules } from './lsm-hooks';
export {
  checkMapAttr,
  loaderDefaults,
  MAP_TYPES,
  type MapCreateAttr,
  type MapFault,
  type MapTypeRow,
  mapType,
  mapTypeByName,
  ringbufBytes,
} from './map-types';
export type {
  CollectionSpec,
  FuncInfo,
  InsnRef,
  LineInfo,
  MapSlot,
  MapSpec,
  ProgramSpec,
  StructOpsSpec,
} from './program-spec';
export {
  type Capability,
  canBeSleepable,
  contextView,
  hasPrivateStack,
  PROGRAM_TYPES,
  type ProgramContext,
  type ProgramTypeRow,
  programType,
  programTypeByName,
  programTypeName,
  type ReturnRange,
  returnRange,
} from './program-types';
export { RAW_BUDGET_DEFAULT, type RawHelper, type RawOptions } from './raw-run';
export type { AttachBtf, SectionDef, SectionKind } from './section-defs';
export { SECTION_DEFS } from './section-defs';
export {
  BPF_F_SLEEPABLE,
  BPF_F_XDP_HAS_FRAGS,
  findSection,
  parseSectionName,
  type SectionInfo,
  sectionHint,
} from './section-name';
export {
  type StructOpsHelpers,
  type StructOpsRow,
  type StructOpsWrites,
  structOpsRow,
} from './struct-ops';
export { AttachType, MapType, ProgType } from './uapi-enums';
export type { InsnFacts, MapInfo, Subprogram, VerifiedProgram } from './verified';
