import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { dumpMap, Machine, type Output } from '../index';
import { parseFaults } from './fault-spec';
import { FAULTS } from './fault-table';

const image = loadKernelImage();
const file = readFileSync(join(__dirname, '../fixtures/faults.bpf.o'));

interface Ran {
  readonly machine: Machine;
  /** What the helpers gave in the last run. */
  readonly gave: Readonly<Record<string, unknown>>;
  readonly lost: number;
}

/** Runs the fixture for a moment of the demo workload. */
function run(faults: string | undefined, engine: 'jit' | 'interp' = 'jit', seed = 1): Ran {
  const specs = faults === undefined ? undefined : parseFaults(faults);
  if (specs && !specs.ok) throw new Error(specs.error.message);
  const machine = new Machine({ image, engine, seed, faults: specs?.value });
  const object = parseObject(file, 'faults.bpf.o');
  if (!object.ok) throw new Error(object.error.message);
  const loaded = machine.load({ object: object.value });
  if (!loaded.ok) throw new Error(`${loaded.error.message}\n${loaded.error.log?.join('\n')}`);
  const collection = loaded.value;
  const [target, calls] = ['target', 'calls'].map(
    (name) => collection.programs.find((p) => p.name === name)!,
  );
  const slot = new Uint8Array(new Uint32Array([target.id]).buffer);
  expect(collection.maps.get('programs')!.updateElem(new Uint8Array(4), slot, 0)).toBe(0);
  expect(collection.attach(calls).ok).toBe(true);
  machine.start(findScenario('demo')!);
  let lost = 0;
  const deliver = (output: Output) => {
    if (output.kind === 'lost') lost += output.count;
  };
  machine.run(5e6, deliver);
  const gave: Record<string, unknown> = {};
  for (const map of collection.maps.values()) {
    const dump = dumpMap(map, collection.spec, machine.kernel);
    if (dump.kind !== 'variables') continue;
    for (const { name, value } of dump.variables) gave[name] = value;
  }
  return { machine, gave, lost };
}

const HEALTHY = {
  reserved: 1,
  output: 0,
  perf_output: 0,
  update: 0,
  update_array: 0,
  update_other: 0,
  push: 0,
  found: 1,
  pop: 0,
  popped: 7,
  read_kernel: 0,
  read_user: -14,
  snprintf_gave: 2,
  fell_through: 0,
};

/** What differs from {@link HEALTHY} under each fault. */
const EFFECTS: readonly (readonly [fault: string, gave: Readonly<Record<string, unknown>>])[] = [
  ['ringbuf-full', { reserved: 0, output: -11 }],
  ['ringbuf-reserve', { reserved: 0 }],
  ['ringbuf-output', { output: -11 }],
  ['perf-buffer-full', { perf_output: -28 }],
  ['perf-no-buffer', { perf_output: -2 }],
  ['map-enomem', { update: -12, update_other: -12, found: 0 }],
  ['map-enomem:map=hash', { update: -12, found: 0 }],
  ['map-e2big', { update: -7, update_other: -7, found: 0, push: -7, pop: -2, popped: 0 }],
  ['map-busy', { update: -16, update_other: -16, found: 0 }],
  ['map-lookup', { found: 0 }],
  ['map-pop', { pop: -2, popped: 0 }],
  ['probe-read', { read_kernel: -14, kernel_word: 0 }],
  ['probe-read-kernel', { read_kernel: -14, kernel_word: 0 }],
  ['probe-read-user', {}],
  ['get-stack', { stack: -14, stackid: -14 }],
  ['get-stack:helper=bpf_get_stackid', { stackid: -14 }],
  ['stackid-collision', { stackid: -17 }],
  ['printf-busy', { snprintf_gave: -16 }],
];

describe.each(['jit', 'interp'] as const)('%s', (engine) => {
  test('without faults nothing fails', () => {
    const { gave, machine } = run(undefined, engine);
    expect(gave).toMatchObject(HEALTHY);
    expect(gave['stack']).toBeGreaterThan(0);
    expect(gave['jumped']).toBeGreaterThan(10);
    expect(machine.faults).toBeUndefined();
  });

  test.each(EFFECTS)('%s', (fault, effects) => {
    const { gave, machine } = run(fault, engine);
    expect(gave).toMatchObject({ ...HEALTHY, ...effects });
    const [{ calls, injected }] = machine.faults!.counts;
    expect(injected).toBe(calls);
    expect(calls).toBeGreaterThan(10);
  });

  test('tail-call falls through', () => {
    const { gave } = run('tail-call', engine);
    expect(gave['jumped']).toBe(0);
    expect(gave['fell_through']).toBeGreaterThan(10);
  });
});

test('a buffer that refuses counts what it lost, as one that is full', () => {
  const { lost, machine } = run('ringbuf-output:times=7,perf-buffer-full:times=5');
  const [ring, perf] = machine.faults!.counts;
  expect([ring.injected, perf.injected]).toEqual([7, 5]);
  expect(lost).toBe(12);
});

describe('which calls fail', () => {
  const injected = (fault: string, seed?: number) => run(fault, 'jit', seed).machine.faults!.counts[0];

  test('the nth', () => expect(injected('ringbuf-output@3').injected).toBe(1));
  test('from one to another', () => expect(injected('ringbuf-output@3-6').injected).toBe(4));
  test('from one on', () => {
    const { calls, injected: count } = injected('ringbuf-output@3+');
    expect(count).toBe(calls - 2);
  });
  test('every nth', () => {
    const { calls, injected: count } = injected('ringbuf-output:every=5');
    expect(count).toBe(Math.floor(calls / 5));
  });
  test('of one program', () => {
    expect(injected('ringbuf-output:program=target').calls).toBe(0);
    expect(injected('ringbuf-output:program=calls').injected).toBeGreaterThan(10);
  });
  test('a share of them, the same with the same seed', () => {
    const first = injected('ringbuf-output:25%');
    expect(first.injected).toBeGreaterThan(0);
    expect(first.injected).toBeLessThan(first.calls / 2);
    expect(injected('ringbuf-output:25%')).toEqual(first);
    expect(injected('ringbuf-output:25%', 9)).not.toEqual(first);
  });
});

test('every fault of the table can be asked for by its name', () => {
  for (const { name } of FAULTS)
    expect(parseFaults(name)).toMatchObject({ ok: true, value: [{ row: { name } }] });
});

test.each([
  ['ringbuf-ful', 'no fault is called', 'did you mean ringbuf-full'],
  ['map-enomem@0', "'map-enomem@0' selects no calls", 'forms:'],
  ['map-enomem@5-3', 'selects no calls', 'forms:'],
  ['map-enomem:0%', 'selects no calls', 'forms:'],
  ['map-enomem:101%', 'selects no calls', 'forms:'],
  ['map-enomem:every=0', 'selects no calls', 'forms:'],
  ['map-enomem:helper=ringbuf_output', 'selects no calls', 'forms:'],
  ['map-enomem:nonsense', 'selects no calls', 'forms:'],
  ['', 'no fault is called', 'known:'],
])('%s is refused', (text, message, hint) => {
  expect(parseFaults(text)).toMatchObject({
    ok: false,
    error: { message: expect.stringContaining(message), hint: expect.stringContaining(hint) },
  });
});
