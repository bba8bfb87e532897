import type { BtfKind } from './types';

/** Kind numbers (`BTF_KIND_*`), by name. */
export const KIND = {
  void: 0,
  int: 1,
  ptr: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  fwd: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  func_proto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  decl_tag: 17,
  type_tag: 18,
  enum64: 19,
} as const satisfies Record<BtfKind, number>;

/** Names by kind number. */
export const KIND_NAMES = Object.keys(KIND) as readonly BtfKind[];

/** What follows the 12 bytes of `struct btf_type`, in 32-bit words. */
export interface KindShape {
  /** Words that come once. */
  readonly fixedWords: number;
  /** Words of each of the `vlen` entries. */
  readonly entryWords: number;
  /** `size_type` is a type id (else a size, or unused). */
  readonly refersToType: boolean;
  /** Word of an entry that is a string offset, -1 when none is. */
  readonly entryName: number;
  /** Word of an entry that is a type id, -1 when none is. */
  readonly entryType: number;
}

const shape = (part: Partial<KindShape>): KindShape => ({
  fixedWords: 0,
  entryWords: 0,
  refersToType: false,
  entryName: -1,
  entryType: -1,
  ...part,
});

const member = shape({ entryWords: 3, entryName: 0, entryType: 1 });
const reference = shape({ refersToType: true });

const SHAPES: Record<BtfKind, KindShape> = {
  void: shape({}),
  int: shape({ fixedWords: 1 }),
  ptr: reference,
  array: shape({ fixedWords: 3 }),
  struct: member,
  union: member,
  enum: shape({ entryWords: 2, entryName: 0 }),
  fwd: shape({}),
  typedef: reference,
  volatile: reference,
  const: reference,
  restrict: reference,
  func: reference,
  func_proto: shape({ refersToType: true, entryWords: 2, entryName: 0, entryType: 1 }),
  var: shape({ refersToType: true, fixedWords: 1 }),
  datasec: shape({ entryWords: 3, entryType: 0 }),
  float: shape({}),
  decl_tag: shape({ refersToType: true, fixedWords: 1 }),
  type_tag: reference,
  enum64: shape({ entryWords: 3, entryName: 0 }),
};

/** Shapes by kind number. */
export const KIND_SHAPES: readonly KindShape[] = KIND_NAMES.map((name) => SHAPES[name]);

/** Limits of include/uapi/linux/btf.h and kernel/bpf/btf.c. */
export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
export const BTF_HEADER_BYTES = 24;
/** BTF_MAX_TYPE: highest type id. */
export const TYPE_ID_MAX = 0xf_ffff;
/** BTF_MAX_NAME_OFFSET: highest offset into the string section. */
export const NAME_OFFSET_MAX = 0xff_ffff;
/** Size and alignment of a pointer: BPF and every target here are 64-bit. */
export const POINTER_BYTES = 8;
