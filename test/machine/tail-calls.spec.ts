import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { dumpMap, Machine } from '@probed/machine';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';

const image = loadKernelImage();
const file = join(__dirname, 'fixtures/tail_calls.bpf.o');

function variables(engine: 'jit' | 'interp'): Record<string, unknown> {
  const object = parseObject(readFileSync(file), 'tail_calls');
  if (!object.ok) throw new Error(object.error.message);
  const machine = new Machine({ image, engine });
  const loaded = machine.load({ object: object.value });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const collection = loaded.value;
  const attached = collection.attach(collection.programs.find(({ name }) => name === 'entry')!);
  if (!attached.ok) throw new Error(attached.error.message);
  machine.start(findScenario('idle')!);
  machine.run(2e9, () => {});
  const values: Record<string, unknown> = {};
  for (const map of collection.maps.values()) {
    const dump = dumpMap(map, collection.spec, machine.kernel);
    if (dump.kind === 'variables') for (const { name, value } of dump.variables) values[name] = value;
  }
  return values;
}

describe.each(['jit', 'interp'] as const)('%s', (engine) => {
  const got = variables(engine);

  test('the target runs in place of the caller, with its context', () => {
    // Once from the entry, once from the subprogram.
    expect(got.plain_runs).toBe(2);
    expect(got.seen_syscall).toBeGreaterThan(0);
    expect(got.unreachable).toBe(0);
  });

  test('a target called from a subprogram returns to the caller of that subprogram', () => {
    expect(got).toMatchObject({ sub_runs: 1, sub_result: 7, after_sub: 1 });
  });

  test('33 tail calls are made, and the next falls through (MAX_TAIL_CALL_CNT)', () => {
    // The call by the entry is one of them.
    expect(got).toMatchObject({ loop_runs: 33, fell_through: 1 });
  });
});
