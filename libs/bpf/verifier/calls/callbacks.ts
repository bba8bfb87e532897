import { MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { pushAsyncCallback, pushStack } from '../exec/path-stack';
import { FuncState } from '../state/func-state';
import { RegBase } from '../state/reg-type';
import type { CallMeta } from './call-meta';
import { enterFunction } from './subprog-call';

/** Sets up the callback's registers from the caller's (`set_*_callback_state`). */
type CalleeSetup = (env: VerifierEnv, caller: FuncState, callee: FuncState, meta: CallMeta) => void;

/** By helper. */
const SETUPS: Readonly<Record<string, CalleeSetup>> = {
  for_each_map_elem: setMapElem,
  loop: setLoop,
  find_vma: setFindVma,
  timer_set_callback: setTimer,
};

/** Map types that can be iterated (`map_for_each_callback`). */
const ITERABLE: ReadonlySet<number> = new Set([
  MapType.HASH,
  MapType.LRU_HASH,
  MapType.PERCPU_HASH,
  MapType.LRU_PERCPU_HASH,
  MapType.ARRAY,
  MapType.PERCPU_ARRAY,
]);

/**
 * A helper that runs a subprogram (`push_callback_call`): one run of the callback is walked from the current state
 * and comes back to this call, until a state repeats; meanwhile the call itself goes on as if it ran none.
 */
export function pushCallback(env: VerifierEnv, meta: CallMeta): void {
  const insn = env.insnIdx;
  const caller = env.curFunc;
  const sub = env.subprogs[meta.subprogno];
  const aux = env.aux[insn];
  if (aux.callback === undefined) aux.callback = meta.subprogno;
  else if (aux.callback !== meta.subprogno) aux.callback = -1;
  sub.isCb = true;
  const setup = SETUPS[meta.proto.name];
  if (meta.proto.name === 'timer_set_callback') {
    sub.isAsyncCb = true;
    const state = pushAsyncCallback(env, sub.start, insn, meta.subprogno);
    const callee = state.frame[0];
    callee.asyncEntryCnt = caller.asyncEntryCnt + 1;
    setup(env, caller, callee, meta);
    return;
  }
  const state = pushStack(env, sub.start, insn);
  const callee = enterFunction(env, state, meta.subprogno, insn);
  setup(env, caller, callee, meta);
  state.callbackUnrollDepth++;
  state.frame[state.curframe - 1].callbackDepth++;
  caller.callbackDepth = 0;
}

/** `callback(map, key, value, ctx)`. */
function setMapElem(env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  const { map } = caller.regs[1];
  if (!map) throw new Error('for_each_map_elem without a map');
  if (!ITERABLE.has(map.type)) env.reject('ENOTSUPP', 'callback function not allowed for map');
  callee.regs[1].copyFrom(caller.regs[1]);
  callee.regs[2].markPointer(RegBase.PTR_TO_MAP_KEY);
  callee.regs[2].map = map;
  callee.regs[3].markPointer(RegBase.PTR_TO_MAP_VALUE);
  callee.regs[3].map = map;
  callee.regs[4].copyFrom(caller.regs[3]);
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}

/** `callback(index, ctx)`. */
function setLoop(_env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  callee.regs[1].markUnknown();
  callee.regs[2].copyFrom(caller.regs[3]);
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}

/** `callback(task, vma, ctx)`. */
function setFindVma(env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  callee.regs[1].copyFrom(caller.regs[1]);
  callee.regs[2].markPointer(RegBase.PTR_TO_BTF_ID);
  callee.regs[2].btfId = env.facts.btf.findByName('vm_area_struct', 'struct') ?? 0;
  callee.regs[3].copyFrom(caller.regs[4]);
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}

/** `callback(map, key, value)`, later and on a stack of its own. */
function setTimer(_env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  const { map } = caller.regs[1];
  [RegBase.CONST_PTR_TO_MAP, RegBase.PTR_TO_MAP_KEY, RegBase.PTR_TO_MAP_VALUE].forEach((type, i) => {
    callee.regs[i + 1].markPointer(type);
    callee.regs[i + 1].map = map;
  });
  callee.inAsyncCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 0 };
}
