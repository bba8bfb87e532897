import type { HelperProto, MapInfo } from '@probed/spec';
import type { RecordField } from '../records/btf-record';
import type { SizedAccess } from './mem-arg';

/** What the arguments of one helper call told (`struct bpf_call_arg_meta`). */
export class CallMeta implements SizedAccess {
  rawMode = false;
  accessSize = 0;
  regno = 0;
  map: MapInfo | undefined = undefined;
  mapUid = 0;
  /** Register whose reference the call gives back, 0 for none. */
  releaseRegno = 0;
  refObjId = 0;
  /** Largest size passed, for the bounds of the result. */
  msizeMax = 0n;
  /** PTR_TO_MEM results: bytes. */
  memSize = 0;
  /** Per-CPU helpers: type of the variable, and whether it is the program's, in an object it allocated. */
  retBtfId = 0;
  retIsLocal = false;
  ofCpuObject = false;
  /** bpf_kptr_xchg: the field of its first argument. */
  kptr: RecordField | undefined = undefined;
  subprogno = -1;
  /** bpf_dynptr_data: the dynptr that the result is a slice of. */
  dynptrId = 0;
  /** Packet pointers are stale after this very call. */
  changesPktData = false;
  /** The key of an array look-up, -1 when not constant. */
  constMapKey = -1n;

  constructor(readonly proto: HelperProto) {}

  get name(): string {
    return `bpf_${this.proto.name}`;
  }
}
