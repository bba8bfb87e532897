import { Prng } from '@probed/base';
import type { BpfMap, MapRegistry } from '@probed/maps';
import type { KernelMemory } from '@probed/memory';
import type { HelperCall, HelperInterceptor } from '@probed/runtime';
import type { HelperFn } from '@probed/spec';
import type { FaultSpec } from './fault-spec';
import type { Effect, FailingCall } from './fault-table';

/** What has become of one fault. */
export interface FaultCount {
  /** As the user wrote it. */
  readonly fault: string;
  /** Calls that could have failed. */
  readonly calls: number;
  /** Of them, those that did. */
  readonly injected: number;
}

/** What an injector must know of the machine. */
interface FaultEnv {
  readonly memory: KernelMemory;
  readonly seed: number;
  /** Program that runs now. */
  readonly program: () => string;
  readonly maps: () => MapRegistry;
}

const TAIL_CALL = 'tail_call';

/** Makes helper calls fail as the faults say; the same seed makes the same ones fail. */
export class FaultInjector implements HelperInterceptor {
  private readonly faults: readonly ActiveFault[];

  constructor(
    specs: readonly FaultSpec[],
    private readonly env: FaultEnv,
  ) {
    this.faults = specs.map((spec) => new ActiveFault(spec, env));
  }

  get counts(): readonly FaultCount[] {
    return this.faults.map((fault) => fault.count);
  }

  helper({ name, fn, mapOf }: HelperCall): HelperFn {
    const faults = this.faults.filter((fault) => fault.concerns(name));
    if (faults.length === 0) return fn;
    const { memory } = this.env;
    return (...args) => {
      const call = { memory, map: mapOf(args), args };
      const effect = this.effectOn(faults, name, call);
      return effect ? effect(call) : fn(...args);
    };
  }

  tailCall(map: number): boolean {
    const faults = this.faults.filter((fault) => fault.concerns(TAIL_CALL));
    if (faults.length === 0) return false;
    const { memory, maps } = this.env;
    const call = { memory, map: maps().at(map), args: [] };
    return this.effectOn(faults, TAIL_CALL, call) !== undefined;
  }

  /** Every fault counts every call of its own, also where another one strikes. */
  private effectOn(faults: readonly ActiveFault[], helper: string, call: FailingCall): Effect | undefined {
    let effect: Effect | undefined;
    for (const fault of faults) {
      if (fault.strikes(call)) effect ??= fault.spec.row.helpers[helper];
    }
    return effect;
  }
}

/** One fault and how often it has struck. */
class ActiveFault {
  private calls = 0;
  private injected = 0;
  private readonly prng: Prng;

  constructor(
    readonly spec: FaultSpec,
    private readonly env: FaultEnv,
  ) {
    this.prng = new Prng(env.seed).fork(`fault:${spec.text}`);
  }

  get count(): FaultCount {
    return { fault: this.spec.text, calls: this.calls, injected: this.injected };
  }

  concerns(helper: string): boolean {
    const { row, helper: only } = this.spec;
    return helper in row.helpers && (only === undefined || only === helper);
  }

  strikes(call: FailingCall): boolean {
    const { row, map, program } = this.spec;
    if (map !== undefined && !isNamed(call.map, map)) return false;
    if (program !== undefined && this.env.program() !== program) return false;
    if (row.canFail && !row.canFail(call)) return false;
    this.calls++;
    if (!this.chosen()) return false;
    this.injected++;
    return true;
  }

  /** Whether the call just counted is one that fails. */
  private chosen(): boolean {
    const { from, to, every, percent, times } = this.spec;
    if (from !== undefined && this.calls < from) return false;
    if (to !== undefined && this.calls > to) return false;
    if (every !== undefined && this.calls % every !== 0) return false;
    if (times !== undefined && this.injected >= times) return false;
    return percent === undefined || this.prng.float() * 100 < percent;
  }
}

function isNamed(map: BpfMap | undefined, name: string): boolean {
  return map !== undefined && map.info.name === name;
}
