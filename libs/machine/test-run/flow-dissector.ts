import { writeI64 } from '@probed/base';
import { SKB_CONTEXT_BYTES, SKB_FIELD } from '@probed/helpers';
import { addressOf, PAGE_BYTES } from '@probed/memory';
import { ETH_BYTES, type TestRunAttr, type TestRunReply } from './attributes';
import { contextGiven, finished, refused } from './refusal';
import { runRepeatedly, type TestRunSite } from './run-program';

/** `struct bpf_flow_keys` (include/uapi/linux/bpf.h). */
const KEYS = { nhoff: 0, thoff: 2, nProto: 10, flags: 48, bytes: 56 } as const;
/** `flow_keys` of `struct __sk_buff`. */
const FLOW_KEYS_AT = 144;

/** net/bpf/test_run.c: bpf_prog_test_run_flow_dissector. What comes back as the packet are the keys. */
export function runFlowDissector(at: TestRunSite, attr: TestRunAttr): TestRunReply {
  const { program } = at;
  const { packet = new Uint8Array(0) } = attr;
  if (attr.flags || attr.cpu || attr.batchSize)
    return refused(program, 'EINVAL', 'a flow dissector takes no flags, cpu or batch_size');
  if (packet.length < ETH_BYTES || packet.length > PAGE_BYTES)
    return refused(program, 'EINVAL', `${packet.length} bytes of packet; 14 to ${PAGE_BYTES} are one`);
  const given = contextGiven(attr, KEYS.bytes);
  if (given === 'too-long') return refused(program, 'E2BIG', `the keys are longer than ${KEYS.bytes} bytes`);
  if (given?.some((byte, index) => byte !== 0 && (index < KEYS.flags || index >= KEYS.flags + 4)))
    return refused(program, 'EINVAL', 'of the keys, a caller may set the flags alone');
  const keys = dissect(at, attr, packet, given);
  return finished(attr, keys.retval, keys.bytes, given && keys.bytes);
}

function dissect(
  at: TestRunSite,
  attr: TestRunAttr,
  packet: Uint8Array,
  given: Uint8Array | undefined,
): { retval: number; bytes: Uint8Array } {
  const { memory } = at.machine;
  const ctx = memory.alloc(SKB_CONTEXT_BYTES);
  const keys = memory.alloc(KEYS.bytes);
  const data = memory.alloc(packet.length);
  const { view } = memory;
  try {
    memory.u8.set(packet, data);
    if (given) memory.u8.set(given, keys);
    view.setUint32(ctx + SKB_FIELD.data, data, true);
    view.setUint32(ctx + SKB_FIELD.dataEnd, data + packet.length, true);
    writeI64(view, ctx + FLOW_KEYS_AT, addressOf(keys));
    view.setUint16(keys + KEYS.nhoff, ETH_BYTES, true);
    view.setUint16(keys + KEYS.thoff, ETH_BYTES, true);
    memory.u8.set(packet.subarray(12, 14), keys + KEYS.nProto);
    const retval = runRepeatedly(at, ctx, attr.repeat);
    clampOffsets(view, keys, packet.length);
    return { retval, bytes: memory.copyOut(keys, KEYS.bytes) };
  } finally {
    memory.free(data);
    memory.free(keys);
    memory.free(ctx);
  }
}

/** net/core/flow_dissector.c: bpf_flow_dissect keeps what the program says inside the packet. */
function clampOffsets(view: DataView, keys: number, bytes: number): void {
  const clamped = (value: number, low: number) => Math.min(Math.max(value, low), bytes);
  const nhoff = clamped(view.getUint16(keys + KEYS.nhoff, true), ETH_BYTES);
  view.setUint16(keys + KEYS.nhoff, nhoff, true);
  view.setUint16(keys + KEYS.thoff, clamped(view.getUint16(keys + KEYS.thoff, true), nhoff), true);
}
