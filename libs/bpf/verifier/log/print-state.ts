import type { VerifierEnv } from '../env';
import { structName } from '../records/of-register';
import { formatSnum, formatUnum, isConst, printScalarRanges } from '../scalar';
import { DYNPTR_STR } from '../state/dynptr-names';
import { type FuncState, MAX_BPF_REG, SlotType } from '../state/func-state';
import { BPF_ADD_CONST, IterState, type RegState } from '../state/reg-state';
import { baseType, RegBase, regTypeStr, typeIsNonOwningRef, typeIsPktPointer } from '../state/reg-type';
import type { VerifierState } from '../state/verifier-state';

/** By {@link SlotType} (kernel/bpf/log.c: slot_type_char). */
const SLOT_CHAR = '?rm0dif';
const DYNPTR_NR_SLOTS = 2;

/** Column where the state beside an instruction begins (BPF_LOG_ALIGNMENT), and the least gap before it. */
const ALIGNMENT = 40;
const MIN_ALIGNMENT = 8;

/** `print_verifier_state`: registers and stack of a frame, all or only the touched ones, with a newline. */
export function printVerifierState(
  env: VerifierEnv,
  state: VerifierState,
  frameno: number,
  all: boolean,
): void {
  env.verbose(`${formatVerifierState(env, state, frameno, all)}\n`);
  if (!all) env.touched.clear();
}

function formatVerifierState(env: VerifierEnv, vstate: VerifierState, frameno: number, all: boolean): string {
  const func = vstate.frame[frameno];
  let out = func.frameno ? ` frame${func.frameno}:` : '';
  for (let i = 0; i < MAX_BPF_REG; i++) {
    const reg = func.regs[i];
    if (reg.type === RegBase.NOT_INIT) continue;
    if (!all && ((env.touched.regs >> i) & 1) === 0) continue;
    out += ` R${i}=${formatReg(env, func, reg)}`;
  }
  for (let i = 0; i < func.slots; i++) {
    if (!all && !env.touched.hasSlot(i)) continue;
    const top = func.slotType[i * 8 + 7];
    out += formatSlot(env, func, i);
    if (top === SlotType.DYNPTR) i += DYNPTR_NR_SLOTS - 1;
  }
  // A lock of a global variable has no id; when it is the first, the others are not shown either.
  const refs = vstate.refs.items[0]?.id ? vstate.refs.items.filter((r) => r.id !== 0) : [];
  if (refs.length > 0) out += ` refs=${refs.map((r) => r.id).join(',')}`;
  if (func.inCallbackFn) out += ' cb';
  if (func.inAsyncCallbackFn) out += ' async_cb';
  return out;
}

function formatSlot(env: VerifierEnv, func: FuncState, i: number): string {
  const types = func.slotType.subarray(i * 8, i * 8 + 8);
  if (types.every((t) => t === SlotType.INVALID)) return '';
  const at = -8 * (i + 1);
  const chars = Array.from(types, (t) => SLOT_CHAR[t]).join('');
  if (types[7] === SlotType.SPILL) {
    return ` fp${at}=${chars.slice(0, chars.indexOf('r'))}${formatReg(env, func, func.spilled[i])}`;
  }
  if (types[7] === SlotType.DYNPTR) return formatDynptrSlot(func, i + DYNPTR_NR_SLOTS - 1);
  if (types[7] === SlotType.ITER) return formatIterSlot(env, func.spilled[i], at);
  return ` fp${at}=${chars}`;
}

const ITER_STATE: Readonly<Record<IterState, string>> = {
  [IterState.INVALID]: '<invalid>',
  [IterState.ACTIVE]: 'active',
  [IterState.DRAINED]: 'drained',
};

/** Only the first slot of an iterator is shown. */
function formatIterSlot(env: VerifierEnv, slot: RegState, at: number): string {
  if (slot.refObjId === 0) return '';
  const name = env.btfTypeName(slot.btfId).slice('bpf_'.length);
  const state = ITER_STATE[slot.iterState];
  return ` fp${at}=${name}(ref_id=${slot.refObjId},state=${state},depth=${slot.iterDepth})`;
}

function formatDynptrSlot(func: FuncState, spi: number): string {
  const reg = func.spilled[spi];
  if (!reg) return '';
  const parts: string[] = [];
  if (reg.id) parts.push(`id=${reg.id}`);
  if (reg.refObjId) parts.push(`ref_id=${reg.refObjId}`);
  // The kernel takes the mark of the first slot for the id of a slice.
  if (reg.dynptrFirstSlot) parts.push('dynptr_id=1');
  return ` fp${-8 * (spi + 1)}=dynptr_${DYNPTR_STR[reg.dynptrType]}(${parts.join(',')})`;
}

/** One register as the log shows it (kernel/bpf/log.c: print_reg_state). */
export function formatReg(env: VerifierEnv, func: { readonly frameno: number }, reg: RegState): string {
  const t = reg.type;
  const precise = t === RegBase.SCALAR_VALUE && reg.precise ? 'P' : '';
  if (t === RegBase.SCALAR_VALUE && isConst(reg.v))
    return precise + formatSnum(BigInt.asIntN(64, reg.v.value));
  let head = precise + regTypeStr(t);
  if (t === RegBase.PTR_TO_STACK) {
    if (func.frameno !== reg.frameno) head += `[${reg.frameno}]`;
    if (isConst(reg.v)) return head + formatSnum(BigInt.asIntN(64, reg.v.value + BigInt(reg.off)));
  }
  if (baseType(t) === RegBase.PTR_TO_BTF_ID) head += structName(env, reg);
  return `${head}(${[...attributes(reg), ...variableOffset(reg)].join(',')})`;
}

function attributes(reg: RegState): string[] {
  const t = reg.type;
  const base = baseType(t);
  const out: string[] = [];
  const addConst = reg.id & BPF_ADD_CONST ? `${reg.off < 0 ? '' : '+'}${reg.off}` : '';
  if (reg.id) out.push(`id=${reg.id & ~BPF_ADD_CONST}${addConst}`);
  if (reg.refObjId) out.push(`ref_obj_id=${reg.refObjId}`);
  if (typeIsNonOwningRef(t)) out.push('non_own_ref');
  if (
    reg.map &&
    (base === RegBase.CONST_PTR_TO_MAP ||
      base === RegBase.PTR_TO_MAP_VALUE ||
      base === RegBase.PTR_TO_MAP_KEY)
  ) {
    if (reg.map.name) out.push(`map=${reg.map.name.slice(0, 15)}`);
    out.push(`ks=${reg.map.keySize},vs=${reg.map.valueSize}`);
  }
  if (t !== RegBase.SCALAR_VALUE && reg.off) out.push(`off=${formatSnum(BigInt(reg.off))}`);
  if (typeIsPktPointer(t)) out.push(`r=${unum32(reg.range)}`);
  if (base === RegBase.PTR_TO_MEM) out.push(`sz=${unum32(reg.memSize)}`);
  if (t === RegBase.CONST_PTR_TO_DYNPTR) out.push(`type=${DYNPTR_STR[reg.dynptrType]}`);
  return out;
}

function variableOffset(reg: RegState): string[] {
  const { v } = reg;
  if (isConst(v)) return v.value === 0n ? [] : [`imm=${formatSnum(BigInt.asIntN(64, v.value))}`];
  return printScalarRanges(v);
}

function unum32(n: number): string {
  return formatUnum(BigInt.asUintN(64, BigInt(n)));
}

/** `print_insn_state`: what the instruction changed, beside it when nothing was printed since. */
export function printInsnState(env: VerifierEnv, state: VerifierState, frameno: number): void {
  const { log } = env;
  if (env.prevLogPosition !== 0 && env.prevLogPosition === log.position) {
    log.reset(env.prevLogPosition - 1);
    const at = env.prevInsnPrintPosition;
    const column = Math.max(at + MIN_ALIGNMENT / 2, ALIGNMENT);
    const gap = Math.ceil(column / MIN_ALIGNMENT) * MIN_ALIGNMENT - at - 1;
    env.verbose(`${' '.repeat(gap)};`);
  } else {
    env.verbose(`${env.insnIdx}:`);
  }
  printVerifierState(env, state, frameno, false);
}
