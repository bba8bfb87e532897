import { assert } from '@probed/base';
import { type Insn, subprogTarget } from '@probed/isa';
import { type AbiSlot, type HelperAbi, helperAbi, helperById, linkedKfunc } from '@probed/spec';
import { OP } from '@probed/wasm';
import { type ConfinedFunctions, guardDepth } from '../confined/confinement';
import type { FunctionContext } from './context';
import { pushCalleeFrame } from './frame';
import { inlineHelper } from './inline-helpers';
import { widenPointer } from './memory';

/** r0 = callee(r1, …, r5). */
export function lowerCall(
  f: FunctionContext,
  insn: Insn,
  slot: number,
  callee: 'helper' | 'subprog' | 'kfunc',
): void {
  const { confined } = f.module;
  if (confined && callee === 'helper') {
    callConfined(f, confined, () => f.code.i32Const(insn.imm));
    return;
  }
  const inline = callee === 'helper' ? inlineHelper(f.module.program, insn.imm, slot) : undefined;
  if (inline) inline.write(f, slot);
  else if (callee === 'helper') callHelper(f, insn.imm, slot);
  else if (callee === 'kfunc') callByAbi(f, linkedKfunc(f.module.program, slot).abi, slot);
  else callSubprogram(f, subprogTarget(insn, slot)!);
  f.regs.clobberArguments();
}

/** r0 = (helper whose id is in a register)(r1, …, r5). */
export function lowerCallx(f: FunctionContext, insn: Insn, slot: number): void {
  const { confined } = f.module;
  assert(confined, `callx at ${slot}: the verifier accepts none`);
  callConfined(f, confined, () => f.regs.push32(insn.dst));
}

/** Unverified code finds its helpers by id when it calls them. */
function callConfined(f: FunctionContext, { callHelper }: ConfinedFunctions, pushId: () => void): void {
  // Nothing says that the code leaves r1–r5 alone after a call.
  f.regs.flush();
  pushId();
  for (let reg = 1; reg <= 5; reg++) f.regs.push64(reg);
  f.code.call(callHelper);
  f.regs.set64(0);
}

/** A subprogram runs in the frame below its caller's. */
function callSubprogram(f: FunctionContext, start: number): void {
  if (f.module.confined) guardDepth(f, f.module.confined);
  for (let reg = 1; reg <= 5; reg++) f.regs.push64(reg);
  pushCalleeFrame(f);
  f.code.call(f.module.subprogram(start));
  f.regs.set64(0);
}

/** Calls a helper's implementation by {@link helperAbi}. */
function callHelper(f: FunctionContext, id: number, slot: number): void {
  const proto = helperById(id);
  assert(proto, `helper ${id} at ${slot} is unknown`);
  callByAbi(f, helperAbi(proto), slot);
}

function callByAbi(f: FunctionContext, abi: HelperAbi, slot: number): void {
  const { code, regs, module } = f;
  if (abi.args.includes('func')) {
    pushCalleeFrame(f);
    code.globalSet(module.callbackFrame);
  }
  abi.args.forEach((kind, i) => {
    pushArgument(f, kind, i + 1, slot);
  });
  code.call(module.helperImport(slot));
  if (abi.ret === 'int') {
    code.op(OP['i64.extend_i32_s']);
    regs.set64(0);
  } else if (abi.ret === 'ptr') {
    code.op(OP['i64.extend_i32_u']);
    widenPointer(f);
    regs.set64(0);
  } else if (abi.ret === 'u64') {
    code.i32Const(0).mem(OP['i64.load'], module.env.resultSlot);
    regs.set64(0);
  } else {
    regs.setConst(0, 0, 0);
  }
}

function pushArgument(f: FunctionContext, kind: AbiSlot, reg: number, slot: number): void {
  const { map, callback } = f.facts[slot];
  if (kind === 'map' && map !== undefined) {
    f.code.i32Const(f.module.env.mapObject(f.module.program.maps[map].name));
  } else if (kind === 'func' && callback !== undefined) {
    f.code.i32Const(f.module.callbackSlot(callback));
  } else {
    f.regs.push32(reg);
    if (kind === 'w64') f.regs.pushHigh32(reg);
  }
}
