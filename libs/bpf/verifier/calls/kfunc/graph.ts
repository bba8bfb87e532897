import type { VerifierEnv } from '../../env';
import { regStructContains } from '../../memory/struct-ids';
import { FIELD_KINDS, type FieldKind } from '../../records/field-kinds';
import { btfOf, recordOf, structName } from '../../records/of-register';
import { isConst } from '../../scalar';
import { findLock } from '../../state/locks';
import { releaseReference } from '../../state/references';
import type { RegState } from '../../state/reg-state';
import { MEM_ALLOC, RegBase, typeIsNonOwningRef } from '../../state/reg-type';
import { LOCK_MASK } from '../../state/verifier-state';
import { pushCallbackCall } from '../callbacks';
import type { KfuncArgCheck } from './arg-checks';
import { inRbtreeCallback, markGraphNode, setNonOwning } from './graph-rules';
import type { KfuncArg, KfuncMeta } from './kfunc-meta';
import { tellApart } from './objects';
import type { SpecialKfunc } from './special';

/** The object goes into the list or tree; the program keeps a pointer while it holds the lock. */
const INSERT: SpecialKfunc = { spinAllowed: true, afterRelease: handOver };
/** Looks at a node without taking it out. */
const PEEK: SpecialKfunc = { spinAllowed: true, pointerResult: graphNode, afterResult: peeked };
/** Takes a node out. */
const TAKE: SpecialKfunc = { spinAllowed: true, pointerResult: graphNode, afterResult: tellApart };

export const GRAPH_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  bpf_list_push_front_impl: INSERT,
  bpf_list_push_back_impl: INSERT,
  bpf_list_pop_front: TAKE,
  bpf_list_pop_back: TAKE,
  bpf_list_front: PEEK,
  bpf_list_back: PEEK,
  bpf_rbtree_add_impl: {
    ...INSERT,
    syncCallback: true,
    afterArgs: (env, meta) => pushCallbackCall(env, meta.subprogno, 'rbtree_add'),
  },
  bpf_rbtree_remove: TAKE,
  bpf_rbtree_first: PEEK,
  bpf_rbtree_root: PEEK,
  bpf_rbtree_left: PEEK,
  bpf_rbtree_right: PEEK,
};

function graphNode(_env: VerifierEnv, { graphRoot }: KfuncMeta, r0: RegState): void {
  if (!graphRoot) throw new Error('a graph function without a root');
  markGraphNode(r0, graphRoot);
}

function peeked(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void {
  setNonOwning(env, r0);
  tellApart(env, meta, r0);
}

/** `ref_convert_owning_non_owning`, then the reference is the list's or the tree's. */
function handOver(env: VerifierEnv): void {
  const { refObjId } = env.curRegs[2];
  env.cur.forEachReg((reg) => {
    if (reg.refObjId !== refObjId) return;
    reg.refObjId = 0;
    setNonOwning(env, reg);
  });
  releaseReference(env, refObjId);
}

const OBJECT = RegBase.PTR_TO_BTF_ID | MEM_ALLOC;

/** A list head or a tree's root, which needs its lock held (`__process_kf_arg_ptr_to_graph_root`). */
export function checkRootArg(kind: FieldKind): KfuncArgCheck {
  const { name } = FIELD_KINDS[kind];
  return (env, { index, regno, reg }, meta) => {
    if (reg.type !== RegBase.PTR_TO_MAP_VALUE && reg.type !== OBJECT) {
      env.reject('EINVAL', `arg#${index} expected pointer to map value or allocated object`);
    }
    if (reg.type === OBJECT && reg.refObjId === 0) {
      env.reject('EINVAL', 'allocated object must be referenced');
    }
    const off = constantOffset(env, regno, reg, name);
    const record = recordOf(env, reg);
    const field = record?.find(off, new Set([kind]));
    if (!record || !field) return env.reject('EINVAL', `${name} not found at offset=${off >>> 0}`);
    checkLocked(env, reg, `bpf_spin_lock at off=${record.offsetOf('SPIN_LOCK')} must be held for ${name}`);
    meta.graphRoot = field;
  };
}

function constantOffset(env: VerifierEnv, regno: number, reg: RegState, name: string): number {
  if (!isConst(reg.v)) {
    env.reject('EINVAL', `R${regno} doesn't have constant offset. ${name} has to be at the constant offset`);
  }
  return reg.off + Number(BigInt.asIntN(32, reg.v.value));
}

/** `check_reg_allocation_locked`. */
function checkLocked(env: VerifierEnv, reg: RegState, complaint: string): void {
  const holder = reg.type === RegBase.PTR_TO_MAP_VALUE ? reg.map : btfOf(env, reg);
  if (env.cur.refs.activeLocks > 0) {
    if (findLock(env, LOCK_MASK, reg.id, holder)) return;
    env.complain('held lock and object are not in the same allocation');
  }
  env.reject('EINVAL', complaint);
}

/** A node to be put into a list (KF_ARG_PTR_TO_LIST_NODE). */
export function checkListNodeArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  checkOwned(env, arg);
  checkNode(env, arg, meta, 'LIST_HEAD', 'LIST_NODE');
}

/** A node to be put into a tree, or one that is in it (KF_ARG_PTR_TO_RB_NODE). */
export function checkTreeNodeArg(env: VerifierEnv, arg: KfuncArg, meta: KfuncMeta): void {
  if (meta.name === 'bpf_rbtree_add_impl') {
    checkOwned(env, arg);
  } else {
    if (!typeIsNonOwningRef(arg.reg.type) && arg.reg.refObjId === 0) {
      env.reject('EINVAL', `${meta.name} can only take non-owning or refcounted bpf_rb_node pointer`);
    }
    if (inRbtreeCallback(env)) env.reject('EINVAL', `${meta.name} not allowed in rbtree cb`);
  }
  checkNode(env, arg, meta, 'RB_ROOT', 'RB_NODE');
}

function checkOwned(env: VerifierEnv, { index, reg }: KfuncArg): void {
  if (reg.type !== OBJECT) env.reject('EINVAL', `arg#${index} expected pointer to allocated object`);
  if (reg.refObjId === 0) env.reject('EINVAL', 'allocated object must be referenced');
}

/** `__process_kf_arg_ptr_to_graph_node`: the node that the root says it holds. */
function checkNode(
  env: VerifierEnv,
  { regno, reg }: KfuncArg,
  meta: KfuncMeta,
  rootKind: FieldKind,
  nodeKind: FieldKind,
): void {
  const { name } = FIELD_KINDS[nodeKind];
  const off = constantOffset(env, regno, reg, name);
  if (!recordOf(env, reg)?.find(off, new Set([nodeKind]))) {
    env.reject('EINVAL', `${name} not found at offset=${off >>> 0}`);
  }
  const root = meta.graphRoot;
  if (!root) throw new Error('a graph node without a root');
  const holds = env.options.objectBtf?.type(root.valueId).name ?? '';
  const whole = reg.clone();
  whole.off = 0;
  if (!regStructContains(env, whole, root.valueId, true, true)) {
    env.reject(
      'EINVAL',
      `operation on ${FIELD_KINDS[rootKind].name} expects arg#1 ${name} at offset=${root.nodeOffset} ` +
        `in struct ${holds}, but arg is at offset=${off} in struct ${structName(env, reg)}`,
    );
  }
  meta.argBtfId = reg.btfId;
  if (off === root.nodeOffset) return;
  env.reject(
    'EINVAL',
    `arg#1 offset=${off}, but expected ${name} at offset=${root.nodeOffset} in struct ${holds}`,
  );
}
