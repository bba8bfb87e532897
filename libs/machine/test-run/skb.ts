import { CHECKSUM, SHARED_INFO_BYTES, SKB_CONTEXT_BYTES, SkBuff } from '@probed/helpers';
import { PAGE_BYTES } from '@probed/memory';
import { ProgType } from '@probed/spec';
import { ETH_BYTES, TEST_FLAG, type TestRunAttr, type TestRunReply } from './attributes';
import { etherProtocol, headerBytes, packetType } from './ethernet';
import { contextGiven, finished, refused } from './refusal';
import { runRepeatedly, type TestRunSite } from './run-program';
import { ingressDevice, returnContext, takeContext } from './skb-context';
import { makeSocket } from './skb-socket';

/** NET_SKB_PAD + NET_IP_ALIGN on x86-64, bytes. */
const HEADROOM_BYTES = 64;
/** A packet lies in one page, with what the kernel keeps before and behind it. */
const PACKET_BYTES_MAX = PAGE_BYTES - HEADROOM_BYTES - SHARED_INFO_BYTES;

/** Types that see the packet from the link layer's header on; the others see it from the network header. */
const L2_TYPES: ReadonlySet<number> = new Set([ProgType.SCHED_CLS, ProgType.SCHED_ACT]);

/** net/bpf/test_run.c: bpf_prog_test_run_skb. */
export function runOnSkb(at: TestRunSite, attr: TestRunAttr): TestRunReply {
  const { program, machine } = at;
  const { packet = new Uint8Array(0), flags = 0 } = attr;
  if (flags & ~TEST_FLAG.CHECKSUM_COMPLETE || attr.cpu || attr.batchSize)
    return refused(program, 'EINVAL', 'flags, cpu or batch_size that packet programs do not take');
  if (packet.length < ETH_BYTES || packet.length > PACKET_BYTES_MAX) {
    const bounds = `${ETH_BYTES} to ${PACKET_BYTES_MAX}`;
    return refused(program, 'EINVAL', `${packet.length} bytes of packet; ${bounds} are one`);
  }
  const least = ETH_BYTES + headerBytes(etherProtocol(packet));
  if (packet.length < least)
    return refused(program, 'EINVAL', `${packet.length} bytes of packet; its IP header ends at ${least}`);
  const given = contextGiven(attr, SKB_CONTEXT_BYTES);
  if (given === 'too-long')
    return refused(program, 'E2BIG', `the context is longer than ${SKB_CONTEXT_BYTES} bytes`);
  const ifindex = ingressDevice(machine, given);
  if (ifindex === undefined) return refused(program, 'ENODEV', 'no device has the ifindex of the context');
  return withSkb(at, packet, (skb) => runWith(at, attr, skb, given, ifindex));
}

function withSkb(
  { machine: { memory } }: TestRunSite,
  bytes: Uint8Array,
  use: (skb: SkBuff) => TestRunReply,
): TestRunReply {
  const ctx = memory.alloc(SKB_CONTEXT_BYTES);
  const protocol = etherProtocol(bytes);
  const skb = new SkBuff(memory, { ctx, bytes, headroom: HEADROOM_BYTES, macBytes: ETH_BYTES, protocol });
  const sock = makeSocket(memory, skb);
  try {
    skb.set('pktType', packetType(bytes));
    return use(skb);
  } finally {
    memory.free(sock);
    skb.free();
    memory.free(ctx);
  }
}

function runWith(
  at: TestRunSite,
  attr: TestRunAttr,
  skb: SkBuff,
  given: Uint8Array | undefined,
  ifindex: number,
): TestRunReply {
  const { machine, program } = at;
  const isL2 = L2_TYPES.has(program.spec.type);
  if (!isL2) {
    skb.pull(ETH_BYTES);
    skb.show();
  }
  if (takeContext(machine, skb, given, ifindex))
    return refused(program, 'EINVAL', 'the context sets fields that a caller may not, or to unlawful values');
  const sums = ((attr.flags ?? 0) & TEST_FLAG.CHECKSUM_COMPLETE) !== 0;
  if (sums) {
    skb.csum = payloadSum(skb);
    skb.ipSummed = CHECKSUM.COMPLETE;
  }
  const { packets } = machine.services;
  const retval = packets.during(skb, () => runRepeatedly(at, skb.ctx, attr.repeat));
  if (!isL2) pushZeros(at, skb);
  if (sums && folded(skb.csum) !== folded(payloadSum(skb)))
    return refused(program, 'EBADMSG', 'the program has left a checksum that is not the packet’s');
  const out = machine.memory.copyOut(skb.data, skb.len);
  return finished(attr, retval, out, given && returnContext(machine, skb, given));
}

/** The place of the link layer's header, which those programs have not seen. */
function pushZeros({ machine: { memory } }: TestRunSite, skb: SkBuff): void {
  skb.reserveHead(ETH_BYTES);
  skb.push(ETH_BYTES);
  memory.u8.fill(0, skb.data, skb.data + ETH_BYTES);
}

function payloadSum(skb: SkBuff): number {
  return skb.sum(skb.networkHeader, skb.tail - skb.networkHeader);
}

/** `csum_fold`, before it is complemented. */
function folded(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return (once + (once >>> 16)) & 0xffff;
}
