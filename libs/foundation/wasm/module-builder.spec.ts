import loadWabt from 'wabt';
import { CodeWriter } from './code-writer';
import { ModuleBuilder } from './module-builder';
import { OP } from './op-table';

const FEATURES = { tail_call: true, threads: true, mutable_globals: true, bulk_memory: true };

async function instance(builder: ModuleBuilder, imports: WebAssembly.ModuleImports = {}) {
  const bytes = builder.finish();
  const wabt = await loadWabt();
  expect(wabt.readWasm(bytes, FEATURES).toText({})).toContain('(module');
  expect(WebAssembly.validate(bytes)).toBe(true);
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: imports }).exports as Record<
    string,
    (...args: unknown[]) => unknown
  >;
}

test('an empty module is its header', () => {
  expect([...new ModuleBuilder().finish()]).toEqual([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
});

test('equal function types share an index', () => {
  const builder = new ModuleBuilder();
  const first = builder.type(['i32', 'i64'], ['i32']);
  expect(builder.type(['i32'], ['i64'])).not.toBe(first);
  expect(builder.type(['i32', 'i64'], ['i32'])).toBe(first);
});

test('imports, shared memory, globals and locals work together', async () => {
  const builder = new ModuleBuilder();
  builder.importMemory('env', 'memory', { initial: 1, maximum: 65536, shared: true });
  const note = builder.importFunc('env', 'note', builder.type(['i32'], ['i32']));
  const step = builder.importGlobal('env', 'step', 'i32', false);
  const total = builder.global('i64', true, 5, 1);
  const run = builder.func(builder.type(['i32'], ['i64']));
  const code = new CodeWriter(1);
  const sum = code.local('i64');
  const twice = code.local('i32');
  code.localGet(0).call(note).globalGet(step).op(OP['i32.add']).localSet(twice);
  code
    .localGet(twice)
    .op(OP['i64.extend_i32_s'])
    .globalGet(total)
    .op(OP['i64.add'])
    .localTee(sum)
    .globalSet(total);
  code.i32Const(64).localGet(sum).mem(OP['i64.store'], 8, 3);
  code.i32Const(72).mem(OP['i64.load'], 0);
  builder.body(run, code);
  builder.export('run', 'func', run);
  builder.export('total', 'global', total);
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 4, shared: true });
  const exports = await instance(builder, {
    memory,
    note: (n: number) => 2 * n,
    step: new WebAssembly.Global({ value: 'i32', mutable: false }, 3),
  });
  expect(exports.run(10)).toBe((1n << 32n) + 5n + 23n);
  expect(new DataView(memory.buffer).getBigInt64(72, true)).toBe((1n << 32n) + 28n);
});

test('tables of functions are called indirectly, also as tail calls, whichever table they are in', async () => {
  const builder = new ModuleBuilder();
  const type = builder.type(['i32'], ['i32']);
  const imported = builder.importTable('env', 'table', { initial: 1 });
  const own = builder.table({ initial: 3, maximum: 3 });
  const constant = (value: number) => {
    const func = builder.func(type);
    builder.body(func, new CodeWriter(1).i32Const(value));
    return func;
  };
  builder.element(own, 1, [constant(11), constant(22)]);
  builder.element(imported, 0, [constant(33)]);
  const viaOwn = builder.func(type);
  builder.body(viaOwn, new CodeWriter(1).localGet(0).localGet(0).callIndirect(type, own));
  const viaTail = builder.func(type);
  builder.body(viaTail, new CodeWriter(1).localGet(0).localGet(0).returnCallIndirect(type, imported));
  builder.export('own', 'func', viaOwn);
  builder.export('tail', 'func', viaTail);
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 });
  const exports = await instance(builder, { table });
  expect([exports.own(1), exports.own(2), exports.tail(0)]).toEqual([11, 22, 33]);
  expect(() => exports.own(0)).toThrow(WebAssembly.RuntimeError);
});

test('a set and a get of one local become a tee, but not across a label', () => {
  const body = (write: (code: CodeWriter) => void) => {
    const code = new CodeWriter(1);
    write(code);
    return [...code.finish()];
  };
  expect(body((code) => code.localSet(0).localGet(0))).toEqual([OP['local.tee'], 0]);
  expect(body((code) => code.localSet(0).localGet(1))).toEqual([OP['local.set'], 0, OP['local.get'], 1]);
  expect(body((code) => code.localSet(0).localGet(0).localGet(0))).toEqual([
    OP['local.tee'],
    0,
    OP['local.get'],
    0,
  ]);
  expect(body((code) => code.localSet(0).end().localGet(0))).toEqual([
    OP['local.set'],
    0,
    OP.end,
    OP['local.get'],
    0,
  ]);
});

test('misuse is told at once', () => {
  const builder = new ModuleBuilder();
  const func = builder.func(builder.type([], []));
  expect(() => builder.importFunc('env', 'late', 0)).toThrow('function imported after one was defined');
  expect(() => builder.finish()).toThrow(`function ${func} has no body`);
  expect(() => builder.importMemory('env', 'm', { initial: 1, shared: true })).toThrow('needs a maximum');
  builder.table({ initial: 1 });
  builder.global('i32', false, 0);
  expect(() => builder.importTable('env', 't', { initial: 1 })).toThrow('table imported after');
  expect(() => builder.importGlobal('env', 'g', 'i32', false)).toThrow('global imported after');
});
