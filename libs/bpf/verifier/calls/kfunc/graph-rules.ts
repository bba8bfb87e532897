import type { VerifierEnv } from '../../env';
import type { RecordField } from '../../records/btf-record';
import { recordOf } from '../../records/of-register';
import type { RegState } from '../../state/reg-state';
import { MEM_ALLOC, MEM_RCU, NON_OWN_REF, RegBase } from '../../state/reg-type';
import { kfuncName } from './fetch';

/** Functions that need the tree's lock (`is_bpf_rbtree_api_kfunc`). */
const RBTREE_KFUNCS: ReadonlySet<string> = new Set([
  'bpf_rbtree_add_impl',
  'bpf_rbtree_remove',
  'bpf_rbtree_first',
  'bpf_rbtree_root',
  'bpf_rbtree_left',
  'bpf_rbtree_right',
]);

/** The callback that compares nodes of a tree is being walked (`in_rbtree_lock_required_cb`). */
export function inRbtreeCallback(env: VerifierEnv): boolean {
  const callee = env.curFunc;
  if (env.cur.curframe === 0 || !callee.inCallbackFn) return false;
  return RBTREE_KFUNCS.has(kfuncName(env, callee.callsite) ?? '');
}

/** `ref_set_non_owning`: the object belongs to a list or tree; the pointer is good while its lock is held. */
export function setNonOwning(env: VerifierEnv, reg: RegState): void {
  const counted = recordOf(env, reg)?.has('REFCOUNT');
  reg.type |= counted ? NON_OWN_REF | MEM_RCU : NON_OWN_REF;
}

/** `mark_reg_graph_node`: a pointer to the node inside its object. */
export function markGraphNode(reg: RegState, root: RecordField): void {
  reg.markPointer(RegBase.PTR_TO_BTF_ID | MEM_ALLOC);
  reg.btfId = root.valueId;
  reg.isLocalBtf = true;
  reg.off = root.nodeOffset;
}
