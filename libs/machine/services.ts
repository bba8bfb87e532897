import {
  type CurrentTask,
  type KernelServices,
  type NetDevice,
  PacketTable,
  type RunInfo,
} from '@probed/helpers';
import type { KernelApi } from '@probed/system';
import type { TracePipe } from './trace-pipe';

/** The run info of programs whose hook has nothing of the kind. */
export const NO_RUN_INFO: RunInfo = { cookie: 0, functionIp: 0, samplePeriod: 0 };

/** The loopback device and the node's one Ethernet device, by index (include/linux/if_ether.h: ETH_HLEN). */
const DEVICES: ReadonlyMap<number, NetDevice> = new Map([
  [1, { mtu: 65536, headerBytes: 14 }],
  [2, { mtu: 1500, headerBytes: 14 }],
]);
/** What socket cookies of test runs begin with, so that none is a real socket's. */
const TEST_COOKIE = 2 ** 40;

/** Takes what an iterator's program writes, all or nothing. */
interface SeqSink {
  write(bytes: Uint8Array): boolean;
}

/** What BPF helpers ask of the emulated kernel, answered for the task and CPU that run now. */
export class MachineServices implements KernelServices {
  readonly cpus: number;
  readonly walks: KernelApi['lookup'];
  /** Set by the attachment around each run. */
  runInfo: RunInfo = NO_RUN_INFO;
  readonly packets = new PacketTable();
  private readonly seqs = new Map<number, SeqSink>();

  constructor(
    private readonly kernel: KernelApi,
    private readonly tracePipe: TracePipe,
  ) {
    this.cpus = kernel.cpus;
    this.walks = kernel.lookup;
  }

  cpu(): number {
    return this.kernel.cpu();
  }

  ktimeNs(): number {
    return this.kernel.nowNs();
  }

  bootNs(): number {
    return this.kernel.bootNs();
  }

  realtimeNs(): bigint {
    return this.kernel.realtimeNs();
  }

  task(): CurrentTask {
    return this.kernel.current();
  }

  ancestorCgroupId(level: number): number | undefined {
    return this.kernel.ancestorCgroupId(level);
  }

  pidInNamespace(device: number, inode: number): { pid: number; tgid: number } | undefined {
    return this.kernel.pidInNamespace(device, inode);
  }

  readUser(address: number, dst: number, bytes: number): boolean {
    return this.kernel.readUser(address, dst, bytes);
  }

  writeUser(address: number, src: number, bytes: number): boolean {
    return this.kernel.writeUser(address, src, bytes);
  }

  kernelStack(): readonly number[] {
    return this.kernel.kernelStack();
  }

  userStack(): readonly number[] {
    return this.kernel.userStack();
  }

  random(): number {
    return this.kernel.random();
  }

  tracePrintk(text: string): void {
    const { pid, comm } = this.kernel.current();
    this.tracePipe.write({ ns: this.kernel.nowNs(), cpu: this.kernel.cpu(), pid, comm, text });
  }

  symbolName(address: number): { name: string; offset: number } | undefined {
    return this.kernel.kernelSymbol(address);
  }

  sendSignal(signal: number, wholeGroup: boolean): number {
    return this.kernel.sendSignal(signal, wholeGroup);
  }

  userRegs(): number {
    return this.kernel.userRegs();
  }

  dPath(path: number): string | undefined {
    return this.kernel.dPath(path);
  }

  socketCookie(sock: number): number {
    return this.kernel.socketCookie(sock);
  }

  /** A program writes to a `struct seq_file`. */
  seqWrite(seq: number, bytes: Uint8Array): boolean {
    return this.seqs.get(seq)?.write(bytes) ?? false;
  }

  /** An iterator is being read: what its program writes to the `struct seq_file` at an offset goes to `sink`. */
  openSeq(seq: number, sink: SeqSink): void {
    this.seqs.set(seq, sink);
  }

  closeSeq(seq: number): void {
    this.seqs.delete(seq);
  }

  netDevice(ifindex: number): NetDevice | undefined {
    return DEVICES.get(ifindex);
  }

  /** XDP packets come from the loopback device, no other has a queue for them. */
  packetDevice(): number {
    const packet = this.packets.current;
    return packet?.kind === 'skb' ? packet.get('ifindex') : 1;
  }

  packetCookie(): number {
    return TEST_COOKIE + 1;
  }

  run(): RunInfo {
    return this.runInfo;
  }
}
