import { writeI64 } from '@probed/base';
import { SKB_FIELD, type SkBuff } from '@probed/helpers';
import { addressOf, type KernelMemory } from '@probed/memory';
import { type IpAddresses, ipAddresses } from './ethernet';

/** `struct bpf_sock` (include/uapi/linux/bpf.h). */
const SOCK = {
  family: 4,
  sourceIp4: 24,
  sourceIp6: 28,
  destinationIp4: 52,
  destinationIp6: 56,
  state: 72,
  rxQueue: 76,
  bytes: 80,
} as const;
const AF = { ipv4: 2, ipv6: 10 } as const;
const TCP_CLOSE = 7;
/** No queue, as a program reads it. */
const NO_QUEUE = 0xffff_ffff;

/** Places of the addresses in the context and in the socket, by family. */
const PLACES = {
  ipv4: {
    context: [SKB_FIELD.localIp4, SKB_FIELD.remoteIp4],
    sock: [SOCK.sourceIp4, SOCK.destinationIp4],
  },
  ipv6: {
    context: [SKB_FIELD.localIp6, SKB_FIELD.remoteIp6],
    sock: [SOCK.sourceIp6, SOCK.destinationIp6],
  },
} as const;

/**
 * The socket that a test run's packet belongs to: closed, of no protocol, with the packet's addresses
 * (net/bpf/test_run.c: bpf_prog_test_run_skb). @returns its offset; the caller frees it
 */
export function makeSocket(memory: KernelMemory, skb: SkBuff): number {
  const sock = memory.alloc(SOCK.bytes);
  const packet = memory.u8.subarray(skb.networkHeader, skb.tail);
  const addresses = ipAddresses(skb, packet);
  memory.view.setUint32(sock + SOCK.state, TCP_CLOSE, true);
  memory.view.setUint32(sock + SOCK.rxQueue, NO_QUEUE, true);
  if (addresses) fillAddresses(memory, skb, sock, addresses);
  writeI64(memory.view, skb.ctx + SKB_FIELD.sk, addressOf(sock));
  return sock;
}

function fillAddresses(
  memory: KernelMemory,
  skb: SkBuff,
  sock: number,
  { family, source, destination }: IpAddresses,
): void {
  memory.view.setUint32(sock + SOCK.family, AF[family], true);
  skb.set('family', AF[family]);
  const places = PLACES[family];
  for (const [base, [local, remote]] of [
    [skb.ctx, places.context],
    [sock, places.sock],
  ] as const) {
    memory.u8.set(source, base + local);
    memory.u8.set(destination, base + remote);
  }
}
