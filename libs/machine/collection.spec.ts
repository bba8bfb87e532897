import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { Machine } from './index';

function machine(): Machine {
  return new Machine({ image: loadKernelImage() });
}

function open(file: string) {
  const object = parseObject(readFileSync(join(__dirname, file)), file);
  if (!object.ok) throw new Error(object.error.message);
  return object.value;
}

test('a refused program says which CO-RE relocation found nothing, as a loader does', () => {
  const loaded = machine().load({ object: open('../bpf/object/fixtures/core.bpf.o') });
  expect(loaded).toMatchObject({
    ok: false,
    error: {
      errno: 22,
      message: expect.stringContaining('failed to resolve CO-RE relocation <byte_off>'),
      where: expect.stringContaining('reaches_missing'),
      log: expect.arrayContaining(['1: <invalid CO-RE relocation>']),
    },
  });
});

test('a perf_event program reads the counter that sampled it, of its CPU', () => {
  const node = machine();
  const loaded = node.load({ object: open('fixtures/perf_value.bpf.o') });
  if (!loaded.ok) throw new Error(loaded.error.message);
  const perf = { event: 'cpu-clock', period: 1e6 };
  expect(loaded.value.attach(loaded.value.programs[0], { perf }).ok).toBe(true);
  node.start(findScenario('demo')!);
  node.run(1e8, () => undefined);
  const [{ value }] = [...loaded.value.maps.get('readings')!.entries()];
  const words = new BigInt64Array(value.slice().buffer);
  for (let cpu = 0; cpu < words.length / 6; cpu++) {
    const [result, samples, period, counter, enabled, running] = words.subarray(cpu * 6, cpu * 6 + 6);
    expect([result, period]).toEqual([0n, 1_000_000n]);
    expect(samples).toBeGreaterThan(90n);
    expect(counter).toBe(samples * period);
    expect(running).toBe(enabled);
    // CPU time is counted in ns, so the counter is the time that has passed, but for what is left of a period.
    expect(Math.abs(Number(enabled - counter))).toBeLessThan(2e6);
  }
});
