import loadWabt from 'wabt';
import { CodeWriter } from './code-writer';
import { ModuleBuilder } from './module-builder';
import { OP, OP_ROWS, type OpImmediates, type OpName } from './op-table';

const FEATURES = { tail_call: true, sign_extension: true, bulk_memory: true, threads: true };

/** Operands as text and as our writer writes them. */
const OPERANDS: Record<OpImmediates, { text: string; write(code: CodeWriter, op: number): void }> = {
  none: { text: '', write: (code, op) => code.op(op) },
  block: { text: '', write: (code, op) => code.op(op).u8(0x40) },
  index: { text: '0', write: (code, op) => code.op(op).u32(0) },
  labels: { text: '0 0 0', write: (code) => code.brTable([0, 0], 0) },
  indirect: { text: '(type 0)', write: (code, op) => code.op(op).u32(0).u32(0) },
  memarg: { text: 'offset=300 align=1', write: (code, op) => code.mem(op, 300) },
  memory: { text: '', write: (code, op) => code.op(op).u8(0) },
  'memory-pair': { text: '', write: (code, op) => code.op(op).u8(0).u8(0) },
  s32: { text: '-70', write: (code) => code.i32Const(-70) },
  s64: { text: '-70', write: (code) => code.i64Const(-70, -1) },
};

const CONTROL: readonly OpName[] = ['block', 'loop', 'if', 'else', 'end'];

/** A module with one function of type `[] → []` around an instruction, in the middle of unreachable code. */
function moduleAround(write: (code: CodeWriter) => void): Uint8Array {
  const builder = new ModuleBuilder();
  const type = builder.type([], []);
  builder.memory({ initial: 1 });
  builder.table({ initial: 1 });
  builder.global('i32', true, 0);
  const code = new CodeWriter(0);
  code.local('i32');
  code.op(OP.unreachable);
  write(code);
  code.op(OP.unreachable);
  builder.body(builder.func(type), code);
  return builder.finish();
}

async function assembled(body: string): Promise<Uint8Array> {
  const wabt = await loadWabt();
  const text = `(module (type (func)) (func (type 0) (local i32) unreachable ${body} unreachable)
    (table 1 funcref) (memory 1) (global (mut i32) (i32.const 0)))`;
  const module = wabt.parseWat('t.wat', text, FEATURES);
  module.validate();
  return module.toBinary({}).buffer;
}

test('names and opcodes are unique', () => {
  expect(new Set(OP_ROWS.map(([name]) => name)).size).toBe(OP_ROWS.length);
  expect(new Set(OP_ROWS.map(([, code]) => code)).size).toBe(OP_ROWS.length);
});

test.each(OP_ROWS.filter(([name]) => !CONTROL.includes(name)))(
  '%s is encoded as wabt does',
  async (name, op, kind) => {
    const ours = moduleAround((code) => OPERANDS[kind].write(code, op));
    expect(ours).toEqual(await assembled(`${name} ${OPERANDS[kind].text}`));
  },
);

test('structured control is encoded as wabt does', async () => {
  const ours = moduleAround((code) =>
    code
      .block()
      .loop('i64')
      .i32Const(1)
      .if('i32')
      .i32Const(2)
      .else()
      .i32Const(3)
      .end()
      .op(OP.drop)
      .br(1)
      .end()
      .op(OP.drop)
      .end(),
  );
  const text = `block loop (result i64) i32.const 1 if (result i32) i32.const 2 else i32.const 3 end drop br 1 end
    drop end`;
  expect(ours).toEqual(await assembled(text));
});
