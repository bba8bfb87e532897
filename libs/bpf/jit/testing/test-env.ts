import { KernelMemory } from '@probed/memory';
import type { CallbackInvoker, ExecutionEnv, HelperFn } from '@probed/spec';

/** Bytes of the stacks that a test's programs run on: 8 frames. */
const STACK_BYTES = 8 * 512;

/** An environment for tests: memory of its own, helpers and maps as the test gives them. */
export class TestEnv implements ExecutionEnv {
  readonly memory = new KernelMemory();
  readonly helpers = new Map<number, HelperFn>();
  readonly kfuncs = new Map<string, HelperFn>();
  /** Every `env.helper` call, as `id` or `id:map`. */
  readonly linked: string[] = [];
  readonly objects = new Map<string, number>();
  readonly values = new Map<string, number>();
  readonly symbols = new Map<string, number>();
  readonly resultSlot = this.memory.alloc(8);
  readonly stackTop = this.memory.alloc(STACK_BYTES) + STACK_BYTES;
  budget = 1 << 23;
  invokeCallback: CallbackInvoker = () => {
    throw new Error('no program runs');
  };

  tailCall(): number {
    return 0;
  }

  /** The packet that loads of any context see. */
  packet = new Uint8Array();

  loadPacket(_ctx: number, offset: number, bytes: number): number {
    if (offset < 0 || offset + bytes > this.packet.length) return 0;
    this.setResult(
      this.packet.subarray(offset, offset + bytes).reduce((word, byte) => (word << 8n) | BigInt(byte), 0n),
    );
    return 1;
  }

  mapObject(name: string): number {
    return this.objects.get(name)!;
  }

  mapValues(name: string): number {
    return this.values.get(name)!;
  }

  ksym(name: string): number {
    return this.symbols.get(name) ?? 0;
  }

  helper(id: number, map?: string): HelperFn {
    this.linked.push(map === undefined ? `${id}` : `${id}:${map}`);
    return this.helpers.get(id)!;
  }

  kfunc(name: string): HelperFn {
    this.linked.push(name);
    return this.kfuncs.get(name)!;
  }

  /** Leaves a 64-bit result for a helper whose result is `u64`. */
  setResult(value: bigint): void {
    this.memory.view.setBigUint64(this.resultSlot, BigInt.asUintN(64, value), true);
  }
}
