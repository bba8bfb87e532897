import type { BtfFuncProto, BtfParam, BtfType } from '@probed/btf';
import type { KfuncFlag, KfuncRow, MapInfo } from '@probed/spec';
import type { RecordField } from '../../records/btf-record';
import type { DynptrType, RegState } from '../../state/reg-state';

/** A kernel function that a call names, and that this program may call (`fetch_kfunc_meta`). */
export interface KfuncDesc {
  readonly name: string;
  /** FUNC id in the kernel's BTF. */
  readonly id: number;
  readonly row: KfuncRow;
  readonly proto: BtfFuncProto;
}

/** What an initialised dynptr argument told. */
export interface DynptrArg {
  readonly id: number;
  readonly type: DynptrType;
  readonly refObjId: number;
}

/** What the arguments of one call told (`struct bpf_kfunc_call_arg_meta`). */
export class KfuncMeta {
  readonly name: string;
  /** Reference that came with an argument; 0 for none. */
  refObjId = 0;
  /** Register whose reference the call gives back, 0 for none. */
  releaseRegno = 0;
  /** Argument `__k` or `__szk`. */
  constant: bigint | undefined = undefined;
  /** Results that are memory: bytes (0: as the prototype says), and whether it is read-only. */
  r0Size = 0;
  r0Rdonly = false;
  /** Type of the result where an argument decides it. */
  retBtfId = 0;
  /** Allocated object or graph node passed: its type in the object's BTF. */
  argBtfId = 0;
  /** The reference passed is the program's own (bpf_refcount_acquire). */
  argOwningRef = false;
  subprogno = -1;
  map: MapInfo | undefined = undefined;
  mapUid = 0;
  dynptr: DynptrArg | undefined = undefined;
  /** Where the iterator passed lies. */
  iter: { readonly frameno: number; readonly spi: number } | undefined = undefined;
  /** Field of the list head or tree root passed: whatever its check wants to remember. */
  graphRoot: RecordField | undefined = undefined;

  constructor(readonly desc: KfuncDesc) {
    this.name = desc.name;
  }

  has(flag: KfuncFlag): boolean {
    return this.desc.row.flags.includes(flag);
  }

  get isAcquire(): boolean {
    return this.has('ACQUIRE');
  }

  get isRelease(): boolean {
    return this.has('RELEASE');
  }

  /** `is_kfunc_trusted_args`. */
  get wantsTrusted(): boolean {
    return this.has('TRUSTED_ARGS') || this.has('RELEASE');
  }

  get isSleepable(): boolean {
    return this.has('SLEEPABLE');
  }

  /** `is_iter_kfunc`. */
  get isIter(): boolean {
    return this.has('ITER_NEW') || this.has('ITER_NEXT') || this.has('ITER_DESTROY');
  }
}

/** What is expected of a pointer argument (`enum kfunc_ptr_arg_type`). */
export type KfuncArgKind =
  | 'ctx'
  | 'alloc-btf-id'
  | 'refcounted-kptr'
  | 'dynptr'
  | 'iter'
  | 'list-head'
  | 'list-node'
  | 'rb-root'
  | 'rb-node'
  | 'btf-id'
  | 'mem'
  | 'mem-size'
  | 'callback'
  | 'null'
  | 'const-str'
  | 'map'
  | 'workqueue'
  | 'task-work'
  | 'irq-flag'
  | 'res-spin-lock';

/** One pointer argument under check. */
export interface KfuncArg {
  /** From 0. */
  readonly index: number;
  readonly regno: number;
  readonly reg: RegState;
  readonly param: BtfParam;
  readonly kind: KfuncArgKind;
  /** What it points to, modifiers taken off. */
  readonly target: BtfType;
  readonly targetId: number;
}
