import { createMap, type MapEnv, MapRegistry } from '@probed/maps';
import { KernelMemory } from '@probed/memory';
import { type HelperFn, helperByName, type MapInfo, MapType } from '@probed/spec';
import { createHelpers, type Helpers } from './create-helpers';
import type { HelperEnv } from './helper-context';
import type { CurrentTask, KernelServices, RunInfo } from './kernel-services';
import type { KernelWalks } from './kernel-walks';

/** First address of the user page that {@link TestKernel} maps. */
export const USER_PAGE = 0x40_0000;
const USER_BYTES = 4096;

/** A kernel for tests: one task with one mapped user page; everything that helpers ask can be set. */
export class TestKernel implements KernelServices {
  readonly memory = new KernelMemory(64 * 1024 * 1024);
  readonly maps = new MapRegistry();
  readonly cpus = 2;
  cpuNow = 0;
  ns = 0;
  now: CurrentTask = {
    pid: 7,
    tgid: 5,
    uid: 1000,
    gid: 100,
    comm: 'test',
    taskOffset: 0x2_0000,
    cgroupId: 42,
  };
  runInfo: RunInfo = { cookie: 0, functionIp: 0, samplePeriod: 0 };
  kernelFrames: number[] = [];
  userFrames: number[] = [];
  readonly user = new Uint8Array(USER_BYTES);
  readonly traced: string[] = [];
  readonly signals: [number, boolean][] = [];
  readonly symbols = new Map<number, { name: string; offset: number; size?: number }>();
  readonly env: HelperEnv['env'] = {
    resultSlot: this.memory.alloc(8),
    invokeCallback: () => 0,
    budget: 1000,
  };

  walks: KernelWalks | undefined;
  private helpers: Helpers | undefined;

  cpu = () => this.cpuNow;
  ktimeNs = () => this.ns;
  bootNs = () => this.ns + 1;
  realtimeNs = () => 1_700_000_000_123_456_789n;
  task = () => this.now;
  ancestorCgroupId = (level: number) => (level < 2 ? level + 1 : undefined);
  pidInNamespace = (device: number, inode: number) =>
    device === 4 && inode === 4_026_531_836 ? { pid: 2, tgid: 1 } : undefined;
  kernelStack = () => this.kernelFrames;
  userStack = () => this.userFrames;
  random = () => 0xdead_beef;
  tracePrintk = (text: string) => void this.traced.push(text);
  symbolName = (address: number) => this.symbols.get(address);
  run = () => this.runInfo;
  userRegs = () => 0x3_0000;
  dPath = (path: number) => (path === 0x4_0000 ? '/etc/pässwd' : undefined);

  sendSignal(signal: number, wholeGroup: boolean): number {
    this.signals.push([signal, wholeGroup]);
    return 0;
  }

  readUser(address: number, dst: number, bytes: number): boolean {
    const at = address - USER_PAGE;
    if (at < 0 || at + bytes > USER_BYTES) return false;
    this.memory.u8.set(this.user.subarray(at, at + bytes), dst);
    return true;
  }

  writeUser(address: number, src: number, bytes: number): boolean {
    const at = address - USER_PAGE;
    if (at < 0 || at + bytes > USER_BYTES) return false;
    this.user.set(this.memory.u8.subarray(src, src + bytes), at);
    return true;
  }

  /** A kernel function; the state that it keeps lasts between calls. */
  kfunc(name: string): HelperFn {
    this.helpers ??= createHelpers({ memory: this.memory, services: this, maps: this.maps, env: this.env });
    return this.helpers.kfunc(name);
  }

  helper(name: string, mapOffset?: number): HelperFn {
    const helpers = createHelpers({ memory: this.memory, services: this, maps: this.maps, env: this.env });
    const map = mapOffset === undefined ? undefined : this.maps.at(mapOffset);
    return helpers.get(helperByName(name)!.id, map);
  }

  /** Calls a helper whose result is 64 bits wide. */
  wide(name: string, ...args: number[]): bigint {
    this.helper(name)(...args);
    return this.memory.view.getBigUint64(this.env.resultSlot, true);
  }

  makeMap(type: keyof typeof MapType, more: Partial<MapInfo> = {}) {
    const env: MapEnv = {
      memory: this.memory,
      cpus: this.cpus,
      registry: this.maps,
      currentCpu: () => this.cpuNow,
      mapField: () => undefined,
    };
    const info = { name: 'm', keySize: 4, valueSize: 8, maxEntries: 4, flags: 0, frozen: false };
    const map = createMap({ ...info, type: MapType[type], keyTypeId: 0, valueTypeId: 0, ...more }, env);
    if (!map.ok) throw new Error(map.error.message);
    return map.value;
  }

  /** Text with a NUL in linear memory. */
  text(text: string): number {
    const bytes = Uint8Array.from(text, (char) => char.charCodeAt(0));
    const at = this.memory.alloc(bytes.length + 1);
    this.memory.u8.set(bytes, at);
    return at;
  }

  bytes(at: number, count: number): number[] {
    return [...this.memory.u8.subarray(at, at + count)];
  }

  latin1(at: number, count: number): string {
    return String.fromCharCode(...this.bytes(at, count));
  }
}
