import { MAX_BPF_STACK } from '@probed/isa';
import { addressOf } from '@probed/memory';
import { CodeWriter, type ModuleBuilder, OP } from '@probed/wasm';
import type { FunctionContext } from '../lower/context';

/** Bytes [at, at + bytes) of linear memory. */
export interface Window {
  readonly at: number;
  readonly bytes: number;
}

/** What unverified code may touch. */
export interface Confinement {
  readonly windows: readonly Window[];
  /** One of the windows: the frames. */
  readonly stack: Window;
  /** What r2 holds at the start: bytes of the memory that r1 points to. */
  readonly memoryBytes: number;
}

/** Names of the imports of confined code. */
export const CONFINED = { callHelper: 'callHelper', outside: 'outside', tooDeep: 'tooDeep' } as const;

/** Where confined code finds what guards it, by function index. */
export interface ConfinedFunctions {
  readonly confinement: Confinement;
  /** Import `(id: i32, r1: i64, …, r5: i64) => i64`. */
  readonly callHelper: number;
  /** Import `(address: i64, bytes: i32) => void`, which throws. */
  readonly outside: number;
  /** Import `() => void`, which throws. */
  readonly tooDeep: number;
  /** `(address: i64, bytes: i32) => i32`: the offset of bytes that all lie in one window. */
  readonly locate: number;
}

/** Declares the imports; {@link ConfinedFunctions.locate} is the first function of the module itself. */
export function importConfined(
  builder: ModuleBuilder,
  namespace: string,
  confinement: Confinement,
): Omit<ConfinedFunctions, 'locate'> {
  const words = ['i64', 'i64', 'i64', 'i64', 'i64'] as const;
  return {
    confinement,
    callHelper: builder.importFunc(namespace, CONFINED.callHelper, builder.type(['i32', ...words], ['i64'])),
    outside: builder.importFunc(namespace, CONFINED.outside, builder.type(['i64', 'i32'], [])),
    tooDeep: builder.importFunc(namespace, CONFINED.tooDeep, builder.type([], [])),
  };
}

/** Writes {@link ConfinedFunctions.locate}. @returns its index */
export function defineLocate(
  builder: ModuleBuilder,
  { confinement, outside }: Omit<ConfinedFunctions, 'locate'>,
): number {
  const locate = builder.func(builder.type(['i64', 'i32'], ['i32']));
  const code = new CodeWriter(2);
  const into = code.local('i64');
  for (const { at, bytes } of confinement.windows) {
    const base = BigInt.asIntN(64, BigInt(addressOf(at)));
    code.localGet(0).i64Const(Number(BigInt.asIntN(32, -base)), Number(BigInt.asIntN(32, -base >> 32n)));
    code.op(OP['i64.add']).localTee(into).i64Const(bytes, 0).op(OP['i64.lt_u']).if();
    code.localGet(into).localGet(1).op(OP['i64.extend_i32_u']).op(OP['i64.add']);
    code.i64Const(bytes, 0).op(OP['i64.le_u']).if();
    code.localGet(0).op(OP['i32.wrap_i64']).return();
    code.end().end();
  }
  code.localGet(0).localGet(1).call(outside).op(OP.unreachable);
  builder.body(locate, code);
  return locate;
}

/** Pushes the memory offset of `reg + off`, once all bytes are found to lie in one window. */
export function pushConfined(
  f: FunctionContext,
  confined: ConfinedFunctions,
  reg: number,
  off: number,
  bytes: number,
): void {
  f.regs.push64(reg);
  f.code.i64ConstSigned(off).op(OP['i64.add']).i32Const(bytes).call(confined.locate);
}

/** Faults when a callee's frame would lie below the stack. */
export function guardDepth(f: FunctionContext, { confinement, tooDeep }: ConfinedFunctions): void {
  f.code
    .localGet(f.frameBase)
    .i32Const(confinement.stack.at + MAX_BPF_STACK)
    .op(OP['i32.lt_s']);
  f.code.if().call(tooDeep).end();
}
