import { addressOf } from '@probed/memory';
import { attach, ENGINES, load, node, program, runDemo, seen } from './testing';

/** Kinds whose programs ask for their cookie while the demo runs: program and its entry of `seen`. */
const KINDS = [
  ['on_file_open', 0],
  ['on_exec', 1],
  ['on_task_free', 2],
  ['many_entries', 4],
  ['many_returns', 5],
  ['both_ends', 6],
  ['on_fentry', 7],
  ['on_kprobe', 8],
  ['on_tracepoint', 9],
  ['on_raw_tp', 10],
  ['on_tp_btf', 11],
  ['many_user', 13],
  ['user_session', 14],
  ['on_sample', 15],
] as const;

test.each(ENGINES)('%s: each kind of link has its cookie, is counted, and comes off its hook', (engine) => {
  const machine = node(engine);
  const collection = load(machine, 'verdicts');
  const links = KINDS.map(([name, at]) => attach(collection, name, { cookie: 1_000 + at }));
  runDemo(machine, 1e9);
  const cookies = KINDS.map(([, at]) => seen(collection, at).cookie);
  expect(cookies).toEqual(KINDS.map(([, at]) => 1_000 + at));
  for (const { stats } of links) expect(stats.events).toBeGreaterThan(0);
  expect(new Set(links.map(({ id }) => id)).size).toBe(links.length);
  collection.detachAll();
  const calls = KINDS.map(([, at]) => seen(collection, at).calls);
  machine.run(3e8, () => undefined);
  expect(KINDS.map(([, at]) => seen(collection, at).calls)).toEqual(calls);
});

test('a kprobe sees a kernel stack: the return address is where the stack pointer points', () => {
  const machine = node();
  const collection = load(machine, 'verdicts');
  attach(collection, 'on_kprobe');
  runDemo(machine, 3e8);
  const back = Number(seen(collection, 8).word);
  expect(machine.kernel.kernelSymbol(back)).toBeDefined();
  const { sp, bp } = machine.kernel.kernelFrame(false);
  expect(bp === 0 || bp > sp).toBe(true);
  expect(sp).toBeLessThan(addressOf(machine.memory.sizeBytes));
});

test.each(KINDS)('the program behind a link of %s can be replaced', (name, at) => {
  const machine = node();
  const [first, second] = [load(machine, 'verdicts'), load(machine, 'verdicts')];
  const link = attach(first, name, { cookie: 77 });
  expect(link.update(program(second, name)).ok).toBe(true);
  runDemo(machine, 1e9);
  expect(seen(first, at).calls).toBe(0);
  expect(seen(second, at)).toMatchObject({ cookie: 77 });
  const other = program(second, name === 'on_kprobe' ? 'on_fentry' : 'on_kprobe');
  if (
    other.spec.expectedAttachType !== link.program.spec.expectedAttachType ||
    other.type !== link.program.type
  )
    expect(link.update(other)).toMatchObject({ ok: false, error: { errno: 22 } });
});
