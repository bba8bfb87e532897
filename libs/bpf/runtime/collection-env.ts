import { assert } from '@probed/base';
import type { PacketTable } from '@probed/helpers';
import type { BpfMap } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import type { CallbackInvoker, ExecutionEnv, HelperFn, KernelFacts } from '@probed/spec';
import type { HelperInterceptor } from './helper-interceptor';
import { loadPacket } from './packet-load';
import type { TailCalls } from './tail-calls';

/** Finds a helper's implementation; `map` when every path to the call passes that same map. */
export type HelperSource = (id: number, map?: BpfMap) => HelperFn;
/** Finds a kernel function's implementation by its name. */
export type KfuncSource = (name: string) => HelperFn;

/** What the programs of one collection are linked against: its maps by name, the kernel's symbols, the helpers. */
export class CollectionEnv implements ExecutionEnv {
  budget = 0;
  invokeCallback: CallbackInvoker = () => {
    throw new Error('invariant broken: no program is running');
  };

  constructor(
    readonly memory: KernelMemory,
    readonly resultSlot: number,
    private readonly maps: ReadonlyMap<string, BpfMap>,
    private readonly facts: KernelFacts,
    private readonly helpers: HelperSource,
    readonly kfunc: KfuncSource,
    private readonly tailCalls: TailCalls,
    private readonly interceptor?: Pick<HelperInterceptor, 'tailCall'>,
    private readonly packets?: PacketTable,
  ) {}

  mapObject(name: string): number {
    return this.map(name).offset;
  }

  mapValues(name: string): number {
    const { valuesOffset } = this.map(name);
    assert(valuesOffset !== undefined, `map ${name} has no directly addressable values`);
    return valuesOffset;
  }

  ksym(name: string): number {
    return this.facts.symbol(name) ?? 0;
  }

  tailCall(ctx: number, map: number, index: number, stackTop: number): number {
    if (this.interceptor?.tailCall(map)) return 0;
    const target = this.tailCalls.target(map, index);
    if (!target) return 0;
    // A nested run of another hook's program may use the slot, so it is written last.
    return this.leave(target.continueRun(ctx, stackTop, this.budget));
  }

  loadPacket(ctx: number, offset: number, bytes: number): number {
    const value = loadPacket(this.memory, ctx, offset, bytes, this.packets?.at(ctx));
    return value === undefined ? 0 : this.leave(value);
  }

  /** Leaves an unsigned 32-bit value in the result slot. */
  private leave(value: number): 1 {
    const { view } = this.memory;
    view.setUint32(this.resultSlot, value, true);
    view.setUint32(this.resultSlot + 4, 0, true);
    return 1;
  }

  helper(id: number, map?: string): HelperFn {
    return this.helpers(id, map === undefined ? undefined : this.map(map));
  }

  private map(name: string): BpfMap {
    const map = this.maps.get(name);
    assert(map !== undefined, `map ${name} does not exist`);
    return map;
  }
}
