import {
  BPF_MODE,
  BPF_PSEUDO_LD,
  BPF_SIZE,
  type Insn,
  insnMode,
  ldImm64Value,
  subprogTarget,
} from '@probed/isa';
import { MapType, ProgType } from '@probed/spec';
import { funcOf } from '../calls/func-signature';
import { prepareFuncExit } from '../calls/subprog-call';
import type { VerifierEnv } from '../env';
import { checkPtrOffReg } from '../memory/region';
import { scalarConst, ZERO } from '../scalar';
import { checkResourceLeak } from '../state/references';
import { clearCallerSavedRegs, markRegUnknown } from '../state/reg-ops';
import type { RegState } from '../state/reg-state';
import { MEM_PERCPU, MEM_RDONLY, RegBase } from '../state/reg-type';
import { pushStack } from './path-stack';
import { checkDst, checkDstNoMark, checkSrc } from './reg-arg';

/** A 64-bit immediate load (`check_ld_imm`). */
export function checkLdImm(env: VerifierEnv, insn: Insn): void {
  if ((insn.opcode & 0x18) !== BPF_SIZE.DW) env.reject('EINVAL', 'invalid BPF_LD_IMM insn');
  if (insn.off !== 0) env.reject('EINVAL', 'BPF_LD_IMM64 uses reserved fields');
  const dst = checkDst(env, insn.dst);
  const at = env.insnIdx;
  const high = env.insns[at + 1];
  if (insn.src === BPF_PSEUDO_LD.NONE) {
    dst.v = scalarConst(ldImm64Value(insn, high));
    return;
  }
  if (insn.src === BPF_PSEUDO_LD.BTF_ID) {
    loadKsym(env, dst, at);
    return;
  }
  if (insn.src === BPF_PSEUDO_LD.FUNC) {
    loadFunc(env, dst, insn, at);
    return;
  }
  const map = env.mapOf.get(at);
  const byValue = insn.src === BPF_PSEUDO_LD.MAP_VALUE || insn.src === BPF_PSEUDO_LD.MAP_IDX_VALUE;
  // An arena's address is the user's: a number until it is cast.
  if (byValue && map?.type === MapType.ARENA) return;
  dst.markPointer(byValue ? RegBase.PTR_TO_MAP_VALUE : RegBase.CONST_PTR_TO_MAP);
  dst.map = map;
  if (byValue) dst.off = high.imm;
}

function loadFunc(env: VerifierEnv, dst: RegState, insn: Insn, at: number): void {
  const subprogno = env.findSubprog(subprogTarget(insn, at) as number);
  const func = funcOf(env, subprogno);
  if (!func) env.reject('EINVAL', 'missing btf func_info');
  if (func.linkage !== 'static') env.reject('EINVAL', 'callback function not static');
  dst.markPointer(RegBase.PTR_TO_FUNC);
  dst.subprogno = subprogno;
}

/** A kernel variable or function by its BTF (`check_pseudo_btf_id`). */
function loadKsym(env: VerifierEnv, dst: RegState, at: number): void {
  const ref = env.spec.refs.get(at);
  const { btf } = env.facts;
  const name = ref?.kind === 'ksym' ? ref.name : '';
  const id = btf.findByName(name, 'var') ?? btf.findByName(name, 'func');
  if (id === undefined) {
    if (ref?.kind === 'ksym' && ref.weak) {
      dst.markScalar(ZERO);
      return;
    }
    env.reject('ENOENT', `ldimm64 failed to find the address for kernel symbol '${name}'.`);
  }
  const type = btf.type(id);
  if (type.kind !== 'var') {
    dst.markPointer(RegBase.PTR_TO_MEM | MEM_RDONLY);
    return;
  }
  const target = btf.resolve(type.typeId);
  const isStruct = target.kind === 'struct' || target.kind === 'union';
  if (isPerCpu(env, id)) {
    dst.markPointer(RegBase.PTR_TO_BTF_ID | MEM_PERCPU);
    dst.btfId = target.id;
  } else if (isStruct) {
    dst.markPointer(RegBase.PTR_TO_BTF_ID);
    dst.btfId = target.id;
  } else {
    dst.markPointer(RegBase.PTR_TO_MEM | MEM_RDONLY);
    dst.memSize = btf.sizeOf(target.id);
  }
}

function isPerCpu(env: VerifierEnv, varId: number): boolean {
  return env.facts.btf.dataSection('.data..percpu')?.variables.some((v) => v.declId === varId) ?? false;
}

const SKB_TYPES: ReadonlySet<number> = new Set([
  ProgType.SOCKET_FILTER,
  ProgType.SCHED_CLS,
  ProgType.SCHED_ACT,
]);
const CTX_REG = 6;

/** A classic packet load (`check_ld_abs`): reads through the context in R6, may end the program. */
export function checkLdAbs(env: VerifierEnv, insn: Insn): void {
  const byReg = insnMode(insn) === BPF_MODE.IND;
  if (!SKB_TYPES.has(env.spec.type)) {
    env.reject('EINVAL', 'BPF_LD_[ABS|IND] instructions not allowed for this program type');
  }
  const wide = (insn.opcode & 0x18) === BPF_SIZE.DW;
  if (insn.dst !== 0 || insn.off !== 0 || wide || (!byReg && insn.src !== 0)) {
    env.reject('EINVAL', 'BPF_LD_[ABS|IND] uses reserved fields');
  }
  const ctx = checkSrc(env, CTX_REG);
  checkResourceLeak(env, true, 'BPF_LD_[ABS|IND]');
  if (ctx.type !== RegBase.PTR_TO_CTX) {
    env.reject('EINVAL', 'at the time of BPF_LD_ABS|IND R6 != pointer to skb');
  }
  if (byReg) checkSrc(env, insn.src);
  checkPtrOffReg(env, ctx, CTX_REG);
  clearCallerSavedRegs(env);
  for (let i = 0; i <= 5; i++) checkDstNoMark(env, i);
  markRegUnknown(env, env.curRegs[0]);
  if (env.cur.curframe === 0) return void env.insnIdx++;
  // Off the packet's end the function returns 0: that way is walked too.
  pushStack(env, env.insnIdx + 1, env.insnIdx);
  env.curRegs[0].markScalar(ZERO);
  prepareFuncExit(env);
}
