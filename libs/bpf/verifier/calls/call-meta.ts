import type { HelperProto, MapInfo } from '@probed/spec';
import type { RawAccess } from '../memory/stack-access';

/** What the arguments of one helper call told (`struct bpf_call_arg_meta`). */
export class CallMeta implements RawAccess {
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
  /** Per-CPU helpers: type of the variable. */
  retBtfId = 0;
  subprogno = -1;
  /** The key of an array look-up, -1 when not constant. */
  constMapKey = -1n;

  constructor(readonly proto: HelperProto) {}

  get name(): string {
    return `bpf_${this.proto.name}`;
  }
}
