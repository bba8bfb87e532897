import type { CurrentTask, KernelServices, RunInfo } from '@probed/helpers';
import type { KernelApi } from '@probed/system';
import type { TracePipe } from './trace-pipe';

/** The run info of programs whose hook has nothing of the kind. */
export const NO_RUN_INFO: RunInfo = { cookie: 0, functionIp: 0, samplePeriod: 0 };

/** What BPF helpers ask of the emulated kernel, answered for the task and CPU that run now. */
export class MachineServices implements KernelServices {
  readonly cpus: number;
  /** Set by the attachment around each run. */
  runInfo: RunInfo = NO_RUN_INFO;

  constructor(
    private readonly kernel: KernelApi,
    private readonly tracePipe: TracePipe,
  ) {
    this.cpus = kernel.cpus;
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

  run(): RunInfo {
    return this.runInfo;
  }
}
