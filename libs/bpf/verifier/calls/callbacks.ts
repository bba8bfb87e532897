import { type MapInfo, MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { pushAsyncCallback, pushStack } from '../exec/path-stack';
import { markDynptrReg } from '../memory/dynptr-slots';
import type { FieldKind, FieldMask } from '../records/field-kinds';
import { recordOf } from '../records/of-register';
import { FuncState } from '../state/func-state';
import { DynptrType } from '../state/reg-state';
import { RegBase } from '../state/reg-type';
import { markGraphNode, setNonOwning } from './kfunc/graph-rules';
import { enterFunction } from './subprog-call';

/** Sets up the callback's registers from the caller's (`set_*_callback_state`). */
type CalleeSetup = (env: VerifierEnv, caller: FuncState, callee: FuncState) => void;

/** What runs a subprogram of the program. */
export type CallbackKind =
  | 'for_each_map_elem'
  | 'loop'
  | 'find_vma'
  | 'user_ringbuf_drain'
  | 'timer_set_callback'
  | 'rbtree_add'
  | 'wq'
  | 'task_work';

const SETUPS: Readonly<Record<CallbackKind, CalleeSetup>> = {
  for_each_map_elem: setMapElem,
  loop: setLoop,
  find_vma: setFindVma,
  user_ringbuf_drain: setUserRingbuf,
  timer_set_callback: (env, caller, callee) => setDeferred(env, caller.regs[1].map, callee, ZERO_ONLY),
  rbtree_add: setTreeCompare,
  wq: (env, caller, callee) => setDeferred(env, caller.regs[1].map, callee, ZERO_ONLY),
  task_work: (env, caller, callee) => setDeferred(env, caller.regs[3].map, callee, ANY_INT),
};

/** Callbacks that run later, on a stack of their own, and whether they may sleep (`is_async_cb_sleepable`). */
const ASYNC: ReadonlyMap<CallbackKind, boolean> = new Map([
  ['timer_set_callback', false],
  ['wq', true],
  ['task_work', true],
]);

const ZERO_ONLY = { min: 0, max: 0 };
const ANY_INT = { min: -0x8000_0000, max: 0x7fff_ffff };

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
 * A function that runs a subprogram (`push_callback_call`): one run of the callback is walked from the current state
 * and comes back to this call, until a state repeats; meanwhile the call itself goes on as if it ran none.
 */
export function pushCallbackCall(env: VerifierEnv, subprogno: number, kind: CallbackKind): void {
  const insn = env.insnIdx;
  const caller = env.curFunc;
  const sub = env.subprogs[subprogno];
  const aux = env.aux[insn];
  if (aux.callback === undefined) aux.callback = subprogno;
  else if (aux.callback !== subprogno) aux.callback = -1;
  sub.isCb = true;
  const sleepable = ASYNC.get(kind);
  if (sleepable !== undefined) {
    sub.isAsyncCb = true;
    const state = pushAsyncCallback(env, sub.start, insn, subprogno, sleepable);
    const callee = state.frame[0];
    callee.asyncEntryCnt = caller.asyncEntryCnt + 1;
    SETUPS[kind](env, caller, callee);
    return;
  }
  const state = pushStack(env, sub.start, insn);
  const callee = enterFunction(env, state, subprogno, insn);
  SETUPS[kind](env, caller, callee);
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
function setDeferred(
  _env: VerifierEnv,
  map: MapInfo | undefined,
  callee: FuncState,
  returns: { min: number; max: number },
): void {
  [RegBase.CONST_PTR_TO_MAP, RegBase.PTR_TO_MAP_KEY, RegBase.PTR_TO_MAP_VALUE].forEach((type, i) => {
    callee.regs[i + 1].markPointer(type);
    callee.regs[i + 1].map = map;
  });
  callee.inAsyncCallbackFn = true;
  callee.callbackRetRange = returns;
}

/** `less(node, node)`: two nodes of the tree that is being added to. */
function setTreeCompare(env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  const root = caller.regs[1];
  const off = root.off + Number(root.v.value);
  const field = recordOf(env, root)?.find(off, TREE_ROOT);
  if (!field) env.fail('EFAULT');
  for (const reg of [callee.regs[1], callee.regs[2]]) {
    markGraphNode(reg, field);
    setNonOwning(env, reg);
  }
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}

const TREE_ROOT: FieldMask = new Set<FieldKind>(['RB_ROOT']);

/** `callback(dynptr, ctx)`: a dynptr that the callback can only read. */
function setUserRingbuf(env: VerifierEnv, caller: FuncState, callee: FuncState): void {
  markDynptrReg(callee.regs[1], DynptrType.LOCAL, true, env.nextId());
  callee.regs[2].copyFrom(caller.regs[3]);
  callee.inCallbackFn = true;
  callee.callbackRetRange = { min: 0, max: 1 };
}
