import type { Insn } from '@probed/isa';
import { AttachType, helperAllowedAtHook, helperCapabilities, MapType, ProgType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { pushStack } from '../exec/path-stack';
import { checkDstNoMark } from '../exec/reg-arg';
import { checkMemAccess } from '../memory/access';
import { dynptrReg, releaseDynptr } from '../memory/dynptr-slots';
import { markChainPrecision } from '../pruning/precision';
import { isConst } from '../scalar';
import { checkResourceLeak, clearAllPktPointers, releaseReference } from '../state/references';
import { isNullScalar, markRegUnknown } from '../state/reg-ops';
import { DynptrType } from '../state/reg-state';
import { MEM_ALLOC, MEM_PERCPU, MEM_RCU, RegBase, regTypeStr } from '../state/reg-type';
import { helperChangesPktData, helperName, helperProto, helperSite } from '../tables';
import { CallMeta } from './call-meta';
import { pushCallbackCall } from './callbacks';
import { constStr } from './const-str';
import { isFormatValid } from './format-string';
import { checkFuncArg } from './func-arg';
import { checkMapFuncCompatibility, checkMapWritable } from './map-compatibility';
import { setReturnValue } from './return-value';
import { prepareFuncExit } from './subprog-call';

const CALLER_SAVED = 6;

/** A call of a helper (`check_helper_call`). */
export function checkHelperCall(env: VerifierEnv, insn: Insn): void {
  const proto = findProto(env, insn.imm);
  const meta = new CallMeta(proto);
  for (let i = 0; i < proto.args.length; i++) checkFuncArg(env, i, meta);
  noteMap(env, meta);
  if (proto.name === 'tail_call') checkTailCall(env, meta);
  fillRawMemory(env, meta);
  release(env, meta);
  SPECIAL[proto.name]?.(env, insn, meta);
  const regs = env.curRegs;
  for (let i = 0; i < CALLER_SAVED; i++) {
    regs[i].markNotInit();
    checkDstNoMark(env, i);
  }
  setReturnValue(env, meta);
  checkMapFuncCompatibility(env, meta.map, insn.imm);
  if (proto.name === 'get_func_ip') checkGetFuncIp(env);
  if (helperChangesPktData(insn.imm) || meta.changesPktData) clearAllPktPointers(env);
  if (proto.name === 'tail_call' && env.cur.curframe > 0) leaveByTailCall(env);
}

/** The program called in place of a subprogram returns to the subprogram's caller with whatever it likes. */
function leaveByTailCall(env: VerifierEnv): void {
  env.markReg(0);
  pushStack(env, env.insnIdx + 1, env.insnIdx);
  clearAllPktPointers(env);
  markRegUnknown(env, env.curRegs[0]);
  prepareFuncExit(env);
  env.insnIdx--;
}

/** The prototype, when this program may call the helper here and now. */
function findProto(env: VerifierEnv, id: number): CallMeta['proto'] {
  const name = helperName(id);
  if (!name) env.reject('EINVAL', `invalid func unknown#${id}`);
  const proto = helperProto(env, id);
  if (!proto || !mayUse(env, id)) {
    env.reject('EINVAL', `program of this type cannot use helper ${name}#${id}`);
  }
  if (proto.gplOnly && !env.gplCompatible) {
    env.reject('EINVAL', 'cannot call GPL-restricted function from non-GPL compatible program');
  }
  if (!helperAllowedAtHook(helperSite(env), proto.name)) {
    env.reject('EINVAL', 'helper call is not allowed in probe');
  }
  if (proto.mightSleep) checkMaySleep(env, `${name}#${id}`);
  return proto;
}

/** `check_get_func_ip`: the hook must be on a function. */
function checkGetFuncIp(env: VerifierEnv): void {
  const { type, expectedAttachType: attach } = env.spec;
  if (type === ProgType.KPROBE) return;
  const name = 'func bpf_get_func_ip#173';
  if (type !== ProgType.TRACING) env.reject('ENOTSUPP', `${name} not supported for program type ${type}`);
  const hooks = [AttachType.TRACE_FENTRY, AttachType.TRACE_FEXIT, AttachType.MODIFY_RETURN];
  if (!hooks.some((hook) => hook === attach)) {
    env.reject('ENOTSUPP', `${name} supported only for fentry/fexit/fmod_ret programs`);
  }
}

/** Capabilities of the caller, and what the reference host lacks. */
function mayUse(env: VerifierEnv, id: number): boolean {
  if (!helperCapabilities(env.spec.type, id).every((capability) => env.capable(capability))) return false;
  const { deviations } = env.facts;
  if (deviations.has('no-kprobe-override') && helperName(id) === 'bpf_override_return') return false;
  return !(deviations.has('lockdown') && LOCKED_DOWN.has(helperName(id) ?? ''));
}

/** kernel/bpf/helpers.c and kernel/trace/bpf_trace.c: security_locked_down(LOCKDOWN_BPF_WRITE_USER). */
const LOCKED_DOWN: ReadonlySet<string> = new Set(['bpf_probe_write_user']);

function checkMaySleep(env: VerifierEnv, helper: string): void {
  const { refs } = env.cur;
  if (!env.cur.inSleepable) env.reject('EINVAL', 'helper call might sleep in a non-sleepable prog');
  if (refs.activeRcuLocks > 0) env.reject('EINVAL', `sleepable helper ${helper} in rcu_read_lock region`);
  if (refs.activePreemptLocks > 0)
    env.reject('EINVAL', `sleepable helper ${helper} in non-preemptible region`);
  if (refs.activeIrqId !== 0) env.reject('EINVAL', `sleepable helper ${helper} in IRQ-disabled region`);
}

/** Remembers the map for the compilers: one map on all paths, or none (`record_func_map`). */
function noteMap(env: VerifierEnv, meta: CallMeta): void {
  const { map } = meta;
  if (!map) return;
  checkMapWritable(env, map, meta.proto.name);
  const aux = env.aux[env.insnIdx];
  if (aux.map === undefined) aux.map = map;
  else if (aux.map !== map) aux.map = null;
}

/** `record_func_key`: a tail call needs a program array; a constant index is relied upon. */
function checkTailCall(env: VerifierEnv, meta: CallMeta): void {
  if (meta.map?.type !== MapType.PROG_ARRAY) env.reject('EINVAL', 'expected prog array map for tail call');
  const index = env.curRegs[3];
  if (index.type !== RegBase.SCALAR_VALUE || !isConst(index.v)) return;
  if (index.v.value < BigInt(meta.map.maxEntries)) markChainPrecision(env, 3);
}

/** Stack that the helper fills counts as written from now on. */
function fillRawMemory(env: VerifierEnv, meta: CallMeta): void {
  for (let i = 0; i < meta.accessSize; i++) {
    checkMemAccess(env, {
      insnIdx: env.insnIdx,
      regno: meta.regno,
      off: i,
      size: 1,
      write: true,
      valueRegno: -1,
      strictOnce: false,
      signExtend: false,
    });
  }
}

/** A per-CPU object that goes into a map stays readable as long as RCU keeps it; all else is gone. */
function giveBack(env: VerifierEnv, { kptr, refObjId }: CallMeta): boolean {
  if (kptr && env.inRcuCs) {
    const perCpu = MEM_ALLOC | MEM_PERCPU;
    env.cur.forEachReg((reg) => {
      if (reg.refObjId !== refObjId || (reg.type & perCpu) !== perCpu) return;
      reg.refObjId = 0;
      reg.type = (reg.type & ~MEM_ALLOC) | MEM_RCU;
    });
  }
  return releaseReference(env, refObjId);
}

function release(env: VerifierEnv, meta: CallMeta): void {
  if (meta.releaseRegno === 0) return;
  if (meta.proto.args[meta.releaseRegno - 1].type === 'PTR_TO_DYNPTR') {
    releaseDynptr(env, env.curRegs[meta.releaseRegno]);
    return;
  }
  const released = meta.refObjId !== 0 ? giveBack(env, meta) : isNullScalar(env.curRegs[meta.releaseRegno]);
  if (!released) {
    env.reject('EINVAL', `func ${meta.name}#${meta.proto.id} reference has not been acquired before`);
  }
}

/**
 * `update_loop_inline_state`: a loop whose flags are 0 and whose callback is one and the same may be inlined, which
 * relies on the flags.
 */
function noteLoopFlags(env: VerifierEnv, meta: CallMeta): void {
  const aux = env.aux[env.insnIdx];
  const first = aux.callback === undefined;
  if (!first && !aux.inlinableLoop) return;
  const isZero = isNullScalar(env.curRegs[4]);
  if (isZero) markChainPrecision(env, 4);
  aux.inlinableLoop = isZero && (first || aux.callback === meta.subprogno);
}

type Special = (env: VerifierEnv, insn: Insn, meta: CallMeta) => void;

/** What some helpers need besides their prototype, by name. */
const SPECIAL: Readonly<Record<string, Special>> = {
  tail_call: (env) => checkResourceLeak(env, true, 'tail_call'),
  get_local_storage: (env) => {
    if (!isNullScalar(env.curRegs[2])) {
      env.reject('EINVAL', "get_local_storage() doesn't support non-zero flags");
    }
  },
  for_each_map_elem: (env, _insn, meta) => pushCallbackCall(env, meta.subprogno, 'for_each_map_elem'),
  find_vma: (env, _insn, meta) => pushCallbackCall(env, meta.subprogno, 'find_vma'),
  user_ringbuf_drain: (env, _insn, meta) => pushCallbackCall(env, meta.subprogno, 'user_ringbuf_drain'),
  dynptr_from_mem: (env) => {
    const { type } = env.curRegs[1];
    if (type === RegBase.PTR_TO_MAP_VALUE) return;
    env.reject('EACCES', `Unsupported reg type ${regTypeStr(type)} for bpf_dynptr_from_mem data`);
  },
  dynptr_data: (env, _insn, meta) => {
    const dynptr = dynptrReg(env, env.curRegs[1]);
    meta.dynptrId = dynptr.id;
    meta.refObjId = dynptr.refObjId;
  },
  dynptr_write: (env, _insn, meta) => {
    const { dynptrType } = dynptrReg(env, env.curRegs[1]);
    meta.changesPktData = dynptrType === DynptrType.SKB || dynptrType === DynptrType.SKB_META;
  },
  timer_set_callback: (env, _insn, meta) => pushCallbackCall(env, meta.subprogno, 'timer_set_callback'),
  loop: (env, _insn, meta) => {
    noteLoopFlags(env, meta);
    markChainPrecision(env, 1);
    const func = env.curFunc;
    if (BigInt(func.callbackDepth) < func.regs[1].v.umax) {
      pushCallbackCall(env, meta.subprogno, 'loop');
    } else {
      func.callbackDepth = 0;
      if (env.log.level2) env.verbose(`frame${env.cur.curframe} bpf_loop iteration limit reached\n`);
    }
  },
  snprintf: (env) => {
    const { v } = env.curRegs[5];
    if (v.value % 8n !== 0n) env.fail('EINVAL');
    if (!isFormatValid(constStr(env, 3), Number(v.value / 8n))) env.reject('EINVAL', 'Invalid format string');
  },
};
