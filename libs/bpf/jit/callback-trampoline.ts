import { CodeWriter, type ModuleBuilder, OP, type ValType } from '@probed/wasm';

const ARGUMENT_REGISTERS = 5;

/**
 * The function by which helpers call back: `(slot, lo1, hi1, …, lo5, hi5) → low half of r0`, all i32, so that no BigInt
 * is made. The callback runs in the frame that the global names; the global is put back afterwards, since the callback
 * may itself have called a helper that takes callbacks.
 *
 * @returns its function index
 */
export function writeCallbackTrampoline(
  builder: ModuleBuilder,
  type: number,
  table: number,
  frameGlobal: number,
): number {
  const params: ValType[] = new Array(1 + 2 * ARGUMENT_REGISTERS).fill('i32');
  const func = builder.func(builder.type(params, ['i32']));
  const code = new CodeWriter(params.length);
  const frame = code.local('i32');
  for (let argument = 0; argument < ARGUMENT_REGISTERS; argument++) {
    const lo = 1 + 2 * argument;
    code.localGet(lo).op(OP['i64.extend_i32_u']);
    code
      .localGet(lo + 1)
      .op(OP['i64.extend_i32_u'])
      .i64Const(32, 0)
      .op(OP['i64.shl'])
      .op(OP['i64.or']);
  }
  code.globalGet(frameGlobal).localTee(frame);
  code.localGet(0).callIndirect(type, table);
  code.localGet(frame).globalSet(frameGlobal).op(OP['i32.wrap_i64']);
  builder.body(func, code);
  return func;
}
