/**
 * BPF Type Format: parse, encode, print as C, CO-RE relocation, values to and from JSON.
 * Canonical spec: Documentation/bpf/btf.rst, include/uapi/linux/btf.h; CO-RE as tools/lib/bpf/relo_core.c does it.
 */
export { Btf } from './btf';
export { BtfBuilder, type NewMember } from './builder';
export { type DumpCOptions, dumpC } from './c-printer/dump';
export { type CoreGap, explainCoreGap } from './core/explain';
export { formatCoreRelo } from './core/format';
export { CORE_POISON, patchCoreInsn } from './core/patch';
export { resolveCore } from './core/resolve';
export {
  CORE_RELO_KIND,
  type CoreCandidates,
  type CoreInsn,
  type CoreRelo,
  type CoreReloKindName,
  type CoreRequest,
  type CoreResult,
} from './core/types';
export { dedupBtf, type OutsideReferences } from './dedup/dedup';
export { encodeBtf } from './encode';
export { typeDocument } from './json-printer';
export {
  commonComposites,
  diffLayout,
  type LayoutDiff,
  type MemberChange,
  type MemberSide,
} from './layout-diff';
export { concatBtf, mergeBtf } from './merge';
export { dumpRaw } from './raw-printer';
export type {
  BtfArray,
  BtfDataSection,
  BtfDatasec,
  BtfDeclTag,
  BtfEnum,
  BtfEnum64,
  BtfFloat,
  BtfFunc,
  BtfFuncProto,
  BtfFwd,
  BtfInt,
  BtfKind,
  BtfLinkage,
  BtfMember,
  BtfMemberPlace,
  BtfParam,
  BtfPtr,
  BtfQualifier,
  BtfStruct,
  BtfType,
  BtfTypedef,
  BtfTypeTag,
  BtfUnion,
  BtfVar,
  BtfVariable,
  BtfVarSecInfo,
  BtfVoid,
} from './types';
export { type DecodeOptions, decodeValue, type ValueDecoder, valueDecoder } from './values/decode';
export { type EncodeInput, encodeValue } from './values/encode';
export type { JsonValue } from './values/json';
