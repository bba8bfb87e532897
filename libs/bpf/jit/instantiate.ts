import { hi32, lo32 } from '@probed/base';
import {
  BudgetExceeded,
  type CallbackInvoker,
  type ExecutionCounters,
  type ExecutionEnv,
  type HelperFn,
} from '@probed/spec';
import { type BuiltModule, IMPORTS, NAME } from './module';

/** BPF_MAX_LOOPS (include/linux/bpf.h): how often `may_goto` falls through in one run. */
const MAY_GOTO_ITERATIONS = 8 * 1024 * 1024;

type Run = (ctx: number, stackTop: number) => number;

/** Links a module with its environment. @returns its main program */
export function instantiate(module: BuiltModule, env: ExecutionEnv, counters?: ExecutionCounters): Run {
  let callback: HelperFn | undefined;
  const invoke: CallbackInvoker = (slot, r1, r2, r3, r4, r5) =>
    callback!(
      slot,
      lo32(r1),
      hi32(r1),
      lo32(r2),
      hi32(r2),
      lo32(r3),
      hi32(r3),
      lo32(r4),
      hi32(r4),
      lo32(r5),
      hi32(r5),
    );
  const imports: Record<string, WebAssembly.ImportValue> = {
    [NAME.memory]: env.memory.memory,
    [NAME.charge]: (iterations: number) => {
      env.budget -= iterations;
      if (env.budget < 0) throw new BudgetExceeded();
    },
  };
  imports[NAME.tailCall] = (ctx: number, map: number, index: number, stackTop: number) =>
    env.tailCall(ctx, map, index, stackTop);
  imports[NAME.loadPacket] = (ctx: number, offset: number, bytes: number) =>
    env.loadPacket(ctx, offset, bytes);
  if (counters) Object.assign(imports, countingImports(counters));
  for (const { id, kfunc, name, map, takesCallback } of module.helpers) {
    const helper = id === undefined ? env.kfunc(kfunc!) : env.helper(id, map);
    imports[name] = takesCallback ? withCallbacks(helper, env, invoke) : helper;
  }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.wasm), { [IMPORTS]: imports });
  callback = exports[NAME.callback] as HelperFn | undefined;
  const run = exports[NAME.run] as Run;
  const mayGotoLeft = exports[NAME.mayGoto] as WebAssembly.Global<'i32'> | undefined;
  return mayGotoLeft ? withMayGoto(run, mayGotoLeft) : (ctx, stackTop) => run(ctx, stackTop) >>> 0;
}

function countingImports({ executed, taken }: ExecutionCounters): Record<string, WebAssembly.ImportValue> {
  return {
    [NAME.executed]: (slot: number) => {
      executed[slot]++;
    },
    [NAME.taken]: (slot: number, isTaken: number) => {
      if (isTaken !== 0) taken[slot]++;
    },
  };
}

/** Each run has its own count, one inside another run of the same program too. */
function withMayGoto(run: Run, left: WebAssembly.Global<'i32'>): Run {
  return (ctx, stackTop) => {
    const outer = left.value;
    left.value = MAY_GOTO_ITERATIONS;
    try {
      return run(ctx, stackTop) >>> 0;
    } finally {
      left.value = outer;
    }
  };
}

/** While such a helper runs, callbacks are this program's; a nested run of another program leaves no trace. */
function withCallbacks(helper: HelperFn, env: ExecutionEnv, invoke: CallbackInvoker): HelperFn {
  return (...args) => {
    const outer = env.invokeCallback;
    env.invokeCallback = invoke;
    try {
      return helper(...args);
    } finally {
      env.invokeCallback = outer;
    }
  };
}
