import type { Insn } from '@probed/isa';
import { OP } from '@probed/wasm';
import type { FunctionContext } from './context';

/** Holds the context at every packet load. */
const CONTEXT_REGISTER = 6;

/** r0 = packet data at imm or src + imm; the function returns 0 when it is not there. */
export function lowerPacket(f: FunctionContext, insn: Insn, mode: 'abs' | 'ind', bytes: 1 | 2 | 4): void {
  const { code, regs, module } = f;
  regs.push32(CONTEXT_REGISTER);
  if (mode === 'ind') regs.push32(insn.src);
  code.i32Const(insn.imm);
  if (mode === 'ind') code.op(OP['i32.add']);
  code.i32Const(bytes).call(module.packetImport).op(OP['i32.eqz']).if();
  if (f.returns === 'i32') code.i32Const(0);
  else code.i64Const(0, 0);
  code.return().end();
  code.i32Const(0).mem(OP['i64.load'], module.env.resultSlot);
  regs.set64(0, true);
  regs.clobberArguments();
}
