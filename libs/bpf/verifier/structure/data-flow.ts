import {
  BPF_ALU_OP,
  BPF_ATOMIC_OP,
  BPF_CLASS,
  BPF_JMP_OP,
  BPF_MODE,
  BPF_SRC,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  isHelperCall,
  isKfuncCall,
  isLdImm64,
} from '@probed/isa';
import { fetchKfunc } from '../calls/kfunc/fetch';
import type { VerifierEnv } from '../env';
import { printInsn } from '../log/print-insn';
import { helperProto } from '../tables';

const ALL_CALLER_SAVED = 0b111111;
const ALL = 0xffff;

const DISCOVERED = 1;
const EXPLORED = 2;

/**
 * Orders the instructions of every function so that successors mostly come first (`compute_postorder`). What is on the
 * stack already is not moved up when it is met again, so this is no strict postorder; passes that go over it until
 * nothing changes end alike, and the log of the last one tells the order.
 */
export function computePostorder(env: VerifierEnv): void {
  const state = new Uint8Array(env.insns.length);
  const order: number[] = [];
  for (const sub of env.subprogs) {
    sub.postorderStart = order.length;
    const stack = [sub.start];
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if ((state[top] & EXPLORED) !== 0) {
        order.push(top);
        stack.pop();
        continue;
      }
      for (const next of env.successors(top)) {
        if (state[next] !== 0) continue;
        stack.push(next);
        state[next] = DISCOVERED;
      }
      state[top] |= DISCOVERED | EXPLORED;
    }
  }
  env.postorder = order;
}

/**
 * Numbers the strongly connected components of the control flow from 1, loops only (`compute_scc`):
 * Tarjan's algorithm without recursion.
 */
export function computeScc(env: VerifierEnv): void {
  const n = env.insns.length;
  const pre = new Int32Array(n);
  const low = new Int32Array(n);
  const NOT_ON_STACK = 0x7fffffff;
  const stack: number[] = [];
  let preNum = 0;
  let nextId = 1;
  for (let root = 0; root < n; root++) {
    if (pre[root] !== 0) continue;
    if (root > 0 && isLdImm64(env.insns[root - 1])) continue;
    const dfs = [root];
    while (dfs.length > 0) {
      const w = dfs[dfs.length - 1];
      const succ = env.successors(w);
      if (pre[w] === 0) {
        low[w] = ++preNum;
        pre[w] = preNum;
        stack.push(w);
      }
      let pushed = false;
      for (const s of succ) {
        if (pre[s] === 0) {
          dfs.push(s);
          pushed = true;
          break;
        }
        if (low[s] < low[w]) low[w] = low[s];
      }
      if (pushed) continue;
      dfs.pop();
      if (low[w] < pre[w]) continue;
      const isLoop = stack[stack.length - 1] !== w || succ.includes(w);
      let t: number;
      do {
        t = stack.pop() as number;
        low[t] = NOT_ON_STACK;
        if (isLoop) env.aux[t].scc = nextId;
      } while (t !== w);
      if (isLoop) nextId++;
    }
  }
  env.sccCount = nextId;
}

/** Which registers may still be read before each instruction (`compute_live_registers`), printed at level 2. */
export function computeLiveRegisters(env: VerifierEnv): void {
  const { insns, aux } = env;
  const rows = insns.map((insn, i) => usesAndDefs(env, insn, i));
  const before = new Uint16Array(insns.length);
  const after = new Uint16Array(insns.length);
  let changed = true;
  while (changed) {
    changed = false;
    for (const i of env.postorder) {
      let live = 0;
      for (const s of env.successors(i)) live |= before[s];
      const [use, def] = rows[i];
      const now = (live & ~def) | use;
      if (live === after[i] && now === before[i]) continue;
      after[i] = live;
      before[i] = now;
      changed = true;
    }
  }
  insns.forEach((_, i) => {
    aux[i].liveRegsBefore = before[i];
  });
  if (env.log.level2) printLiveRegisters(env);
}

function printLiveRegisters(env: VerifierEnv): void {
  env.verbose('Live regs before insn:\n');
  for (let i = 0; i < env.insns.length; i++) {
    const { scc, liveRegsBefore } = env.aux[i];
    let regs = '';
    for (let r = 0; r < 10; r++) regs += (liveRegsBefore >> r) & 1 ? r : '.';
    const loop = scc ? `${String(scc).padStart(3)} ` : '    ';
    env.verbose(`${loop}${String(i).padStart(3)}: ${regs} ${printInsn(env, i)}\n`);
    if (isLdImm64(env.insns[i])) i++;
  }
}

/** Registers an instruction reads and writes as bit sets (`compute_insn_live_regs`). */
function usesAndDefs(env: VerifierEnv, insn: Insn, i: number): readonly [use: number, def: number] {
  const src = 1 << insn.src;
  const dst = 1 << insn.dst;
  switch (insnClass(insn)) {
    case BPF_CLASS.LD:
      return isLdImm64(insn) ? [0, dst] : [ALL, 0];
    case BPF_CLASS.LDX:
      return [src, dst];
    case BPF_CLASS.ST:
      return [dst, 0];
    case BPF_CLASS.STX:
      return insnMode(insn) === BPF_MODE.ATOMIC ? atomicUses(insn) : [dst | src, 0];
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      return aluUses(insn);
    default:
      return jmpUses(env, insn, i);
  }
}

function atomicUses(insn: Insn): readonly [number, number] {
  const src = 1 << insn.src;
  const dst = 1 << insn.dst;
  if (insn.imm === BPF_ATOMIC_OP.CMPXCHG) return [1 | dst | src, 1];
  if (insn.imm === BPF_ATOMIC_OP.LOAD_ACQ) return [src, dst];
  if (insn.imm === BPF_ATOMIC_OP.STORE_REL) return [dst | src, 0];
  return [dst | src, insn.imm & BPF_ATOMIC_OP.FETCH ? src : 0];
}

function aluUses(insn: Insn): readonly [number, number] {
  const src = 1 << insn.src;
  const dst = 1 << insn.dst;
  const op = insnOp(insn);
  if (op === BPF_ALU_OP.END) return [dst, dst];
  const isReg = (insn.opcode & BPF_SRC.X) !== 0;
  if (op === BPF_ALU_OP.MOV) return [isReg ? src : 0, dst];
  return [isReg ? dst | src : dst, dst];
}

/** Number of parameters of a callee (`get_call_summary`); undefined where it is not known. */
function paramsOf(env: VerifierEnv, insn: Insn, i: number): number | undefined {
  if (isHelperCall(insn)) return helperProto(env, insn.imm)?.args.length;
  return isKfuncCall(insn) ? fetchKfunc(env, i)?.proto.params.length : undefined;
}

function jmpUses(env: VerifierEnv, insn: Insn, i: number): readonly [number, number] {
  const op = insnOp(insn);
  if (op === BPF_JMP_OP.JA || op === BPF_JMP_OP.JCOND) return [0, 0];
  if (op === BPF_JMP_OP.EXIT) return [1, 0];
  if (op === BPF_JMP_OP.CALL) {
    const params = paramsOf(env, insn, i);
    const use = params === undefined ? ALL_CALLER_SAVED & ~1 : ((1 << params) - 1) << 1;
    return [use, ALL_CALLER_SAVED];
  }
  const dst = 1 << insn.dst;
  return [(insn.opcode & BPF_SRC.X) !== 0 ? dst | (1 << insn.src) : dst, 0];
}
