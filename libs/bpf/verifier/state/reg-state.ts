import type { MapInfo } from '@probed/spec';
import { isConst, type ScalarState, UNKNOWN, ZERO } from '../scalar';
import { PTR_MAYBE_NULL, RegBase } from './reg-type';

/** Packet ranges below 0: the pointer is compared to the packet's end (`enum bpf_reg_state` AT_PKT_END). */
export const AT_PKT_END = -1;
export const BEYOND_PKT_END = -2;

/**
 * Flags of {@link RegState.id}: the register equals its linked register plus {@link RegState.off}, in 64 bits or in the
 * low 32 zero-extended.
 */
export const BPF_ADD_CONST64 = 0x4000_0000;
export const BPF_ADD_CONST32 = 0x2000_0000;
export const BPF_ADD_CONST = BPF_ADD_CONST64 | BPF_ADD_CONST32;

/** `enum bpf_dynptr_type`. */
export enum DynptrType {
  INVALID = 0,
  LOCAL,
  RINGBUF,
  SKB,
  XDP,
  SKB_META,
}

/** `enum bpf_iter_state`. */
export enum IterState {
  INVALID = 0,
  ACTIVE,
  DRAINED,
}

/**
 * What is known of one register or of one spilled register (`struct bpf_reg_state`). Mutable; `v` is immutable and
 * shared. For pointers `off` is the fixed and `v` the variable part of the offset.
 */
export class RegState {
  /** {@link RegBase} | flags. */
  type = RegBase.NOT_INIT as number;
  off = 0;
  v: ScalarState = UNKNOWN;
  /** Registers with equal ids are equal (scalars), or came from one nullable pointer or one packet variable. */
  id = 0;
  refObjId = 0;
  /** Safe bytes beyond a packet pointer. */
  range = 0;
  map: MapInfo | undefined = undefined;
  /** Tells apart inner maps of different look-ups. */
  mapUid = 0;
  /** Struct type for PTR_TO_BTF_ID: in the kernel's BTF, or in the program's own when {@link isLocalBtf}. */
  btfId = 0;
  isLocalBtf = false;
  /** PTR_TO_MEM: bytes. */
  memSize = 0;
  /** PTR_TO_MEM: id of the dynptr that it is a slice of, 0 for none. */
  dynptrId = 0;
  /** CONST_PTR_TO_DYNPTR and the first slot of a dynptr on the stack. */
  dynptrType = DynptrType.INVALID;
  dynptrFirstSlot = false;
  /** Slots of an iterator, whose struct is `btfId`: its state, and how often `next` gave an element on this path. */
  iterState = IterState.INVALID;
  iterDepth = 0;
  /** An IRQ flag on the stack: saved with a lock, not by `bpf_local_irq_save`. */
  irqOfLock = false;
  /** PTR_TO_FUNC: subprogram number. */
  subprogno = 0;
  /** PTR_TO_STACK: frame that owns the stack. */
  frameno = 0;
  /** The exact scalar value matters to safety, so pruning must compare it. */
  precise = false;

  copyFrom(o: RegState): void {
    this.type = o.type;
    this.off = o.off;
    this.v = o.v;
    this.id = o.id;
    this.refObjId = o.refObjId;
    this.range = o.range;
    this.map = o.map;
    this.mapUid = o.mapUid;
    this.btfId = o.btfId;
    this.isLocalBtf = o.isLocalBtf;
    this.memSize = o.memSize;
    this.dynptrType = o.dynptrType;
    this.dynptrId = o.dynptrId;
    this.dynptrFirstSlot = o.dynptrFirstSlot;
    this.iterState = o.iterState;
    this.iterDepth = o.iterDepth;
    this.irqOfLock = o.irqOfLock;
    this.subprogno = o.subprogno;
    this.frameno = o.frameno;
    this.precise = o.precise;
  }

  clone(): RegState {
    const copy = new RegState();
    copy.copyFrom(this);
    return copy;
  }

  /** Everything but the scalar part and the type goes back to nothing (`__mark_reg_…` zeroes up to var_off). */
  private clearDetails(): void {
    this.off = 0;
    this.id = 0;
    this.refObjId = 0;
    this.range = 0;
    this.map = undefined;
    this.mapUid = 0;
    this.btfId = 0;
    this.isLocalBtf = false;
    this.memSize = 0;
    this.dynptrType = DynptrType.INVALID;
    this.dynptrId = 0;
    this.dynptrFirstSlot = false;
    this.iterState = IterState.INVALID;
    this.iterDepth = 0;
    this.irqOfLock = false;
    this.subprogno = 0;
    this.frameno = 0;
  }

  /** `__mark_reg_unknown`; `precise` is the caller's to force (programs without CAP_BPF). */
  markUnknown(precise = false): void {
    this.clearDetails();
    this.type = RegBase.SCALAR_VALUE;
    this.v = UNKNOWN;
    this.precise = precise;
  }

  /** `__mark_reg_not_init`. */
  markNotInit(): void {
    this.markUnknown();
    this.type = RegBase.NOT_INIT;
  }

  /** A scalar with the given value set. */
  markScalar(v: ScalarState): void {
    this.markUnknown();
    this.v = v;
  }

  /** `mark_reg_known_zero` followed by a type: a pointer with no offset. */
  markPointer(type: number): void {
    this.clearDetails();
    this.type = type;
    this.v = ZERO;
    this.precise = false;
  }

  get isConstScalar(): boolean {
    return this.type === RegBase.SCALAR_VALUE && isConst(this.v);
  }

  get mayBeNull(): boolean {
    return (this.type & PTR_MAYBE_NULL) !== 0;
  }
}
