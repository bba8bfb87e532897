import {
  XDP_CONTEXT_BYTES,
  XDP_FIELD,
  XDP_FRAME_BYTES,
  XDP_HEADROOM_BYTES,
  XDP_LINEAR_BYTES_MAX,
  XdpBuff,
} from '@probed/helpers';
import { AttachType } from '@probed/spec';
import { ETH_BYTES, TEST_FLAG, type TestRunAttr, type TestRunReply } from './attributes';
import { contextGiven, finished, refused } from './refusal';
import { runRepeatedly, type TestRunSite } from './run-program';

/** Attach types that see packets that are redirected, not received. */
const NOT_TESTED: ReadonlySet<number> = new Set([AttachType.XDP_DEVMAP, AttachType.XDP_CPUMAP]);
const META_BYTES_MAX = XDP_HEADROOM_BYTES - XDP_FRAME_BYTES;
/** Devices here have one receive queue; only the loopback's is registered for XDP. */
const QUEUES = 1;

/** net/bpf/test_run.c: bpf_prog_test_run_xdp. */
export function runOnXdp(at: TestRunSite, attr: TestRunAttr): TestRunReply {
  const { program, machine } = at;
  const { packet = new Uint8Array(0), flags = 0 } = attr;
  if (NOT_TESTED.has(program.spec.expectedAttachType))
    return refused(program, 'EINVAL', 'XDP programs of device and CPU maps have no test runs');
  if (flags & TEST_FLAG.LIVE_FRAMES)
    return refused(program, 'EOPNOTSUPP', 'BPF_F_TEST_XDP_LIVE_FRAMES is not supported');
  if (flags || attr.batchSize)
    return refused(program, 'EINVAL', 'flags or batch_size that XDP programs do not take');
  const given = contextGiven(attr, XDP_CONTEXT_BYTES);
  if (given === 'too-long')
    return refused(program, 'E2BIG', `the context is longer than ${XDP_CONTEXT_BYTES} bytes`);
  const fields = given && fieldsOf(given);
  const meta = fields?.data ?? 0;
  if (fields && !lawful(fields, packet.length))
    return refused(program, 'EINVAL', 'the context places the packet where it can’t be');
  if (packet.length < ETH_BYTES)
    return refused(program, 'EINVAL', `${packet.length} bytes of packet; ${ETH_BYTES} are the least`);
  if ((fields?.dataEnd ?? packet.length) !== packet.length || packet.length - meta > XDP_LINEAR_BYTES_MAX) {
    const limit = `packets of more than ${XDP_LINEAR_BYTES_MAX} bytes, or beyond data_end`;
    return refused(program, 'EOPNOTSUPP', `${limit}, would need fragments, which are not supported`);
  }
  const fault = fields ? deviceFault(at, fields) : undefined;
  if (fault) return fault;
  const ctx = machine.memory.alloc(XDP_CONTEXT_BYTES);
  const xdp = new XdpBuff(machine.memory, ctx, packet, meta);
  xdp.set('ingressIfindex', fields?.ingressIfindex || 1);
  xdp.set('rxQueueIndex', fields?.rxQueueIndex ?? 0);
  try {
    const { packets } = machine.services;
    const retval = packets.during(xdp, () => runRepeatedly(at, ctx, attr.repeat));
    const out = machine.memory.copyOut(xdp.dataMeta, xdp.dataEnd - xdp.dataMeta);
    return finished(attr, retval, out, given && contextAfter(given, xdp));
  } finally {
    xdp.free();
    machine.memory.free(ctx);
  }
}

type Fields = Record<keyof typeof XDP_FIELD, number>;

function fieldsOf(ctx: Uint8Array): Fields {
  const view = new DataView(ctx.buffer, ctx.byteOffset);
  const entries = Object.entries(XDP_FIELD).map(([name, at]) => [name, view.getUint32(at, true)]);
  return Object.fromEntries(entries) as Fields;
}

/** Metadata begins at 0, the packet behind it; both are what `data_in` holds. */
function lawful({ data, dataEnd, dataMeta, egressIfindex }: Fields, bytes: number): boolean {
  if (dataMeta !== 0 || dataEnd > bytes || data > dataEnd || egressIfindex !== 0) return false;
  return data % 4 === 0 && data <= META_BYTES_MAX;
}

function deviceFault(at: TestRunSite, { ingressIfindex, rxQueueIndex }: Fields): TestRunReply | undefined {
  const { program, machine } = at;
  if (ingressIfindex === 0)
    return rxQueueIndex === 0 ? undefined : refused(program, 'EINVAL', 'rx_queue_index without a device');
  if (!machine.services.netDevice(ingressIfindex))
    return refused(program, 'ENODEV', `no device has ifindex ${ingressIfindex}`);
  if (rxQueueIndex < QUEUES && ingressIfindex === 1) return undefined;
  return refused(program, 'EINVAL', `device ${ingressIfindex} has no receive queue ${rxQueueIndex} for XDP`);
}

/** xdp_convert_buff_to_md. */
function contextAfter(given: Uint8Array, xdp: XdpBuff): Uint8Array {
  const out = given.slice();
  const view = new DataView(out.buffer);
  view.setUint32(XDP_FIELD.data, xdp.data - xdp.dataMeta, true);
  view.setUint32(XDP_FIELD.dataEnd, xdp.dataEnd - xdp.dataMeta, true);
  return out;
}
