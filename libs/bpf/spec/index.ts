/**
 * What eBPF is made of, as tables: helper prototypes, program types, context layouts, section names, map types.
 * Canonical sources: include/uapi/linux/bpf.h and kernel/bpf/ of Linux 6.18.
 */
export type { ArgBase, HelperArg, HelperRet, RetBase, TypeFlag } from './arg-types';
export {
  BudgetExceeded,
  type CallbackInvoker,
  type ExecutableProgram,
  type ExecutionEnv,
  type HelperFn,
} from './execution';
export { type AbiRet, type AbiSlot, type HelperAbi, type HelperProto, helperAbi } from './helper-proto';
export type { KernelDeviation, KernelFacts } from './kernel-facts';
export type {
  CollectionSpec,
  FuncInfo,
  InsnRef,
  LineInfo,
  MapSpec,
  ProgramSpec,
} from './program-spec';
export type { InsnFacts, MapInfo, Subprogram, VerifiedProgram } from './verified';
