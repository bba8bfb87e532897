import { BPF_FUNC } from '@probed/abi';
import { assemble } from '@probed/isa';
import type { ProgramSpec } from '@probed/spec';
import { programFlow } from './flow';

/** A program of assembly; `maps` names the map that the load at a slot refers to. */
function program(source: string, maps: Readonly<Record<number, string>>): ProgramSpec {
  const assembly = assemble(source);
  if (!assembly.ok) throw new Error(assembly.error.message);
  const refs = new Map(
    Object.entries(maps).map(([slot, map]) => [Number(slot), { kind: 'map' as const, map }]),
  );
  const head = {
    name: 'p',
    section: 'kprobe',
    type: 2,
    expectedAttachType: 0,
    attachTo: '',
    optional: false,
  };
  return { ...head, flags: 0, insns: assembly.value.insns, refs, funcInfo: [], lineInfo: [] };
}

test('the size and the place of a record are followed over branches, spills and copies', () => {
  const { outputs, writes } = programFlow(
    program(
      `
      r6 = r1
      *(u32 *)(r10 - 16) = 7
      r4 = r10
      r4 += -16
      *(u64 *)(r10 - 24) = r4
      r5 = 8
      if r6 == 0 goto small
      r5 = 16
    small:
      r4 = *(u64 *)(r10 - 24)
      r2 = 0 ll
      r3 = -1
      r1 = r6
      call ${BPF_FUNC.perf_event_output}
      r0 = 0
      exit`,
      { 9: 'events' },
    ),
  );
  expect(outputs).toMatchObject([{ maps: ['events'], data: [{ base: 'stack@0', offset: -16 }] }]);
  expect([...outputs[0].sizes].sort((a, b) => a - b)).toEqual([16, 8].sort((a, b) => a - b));
  expect(writes).toMatchObject([
    { place: { base: 'stack@0', offset: -16 }, bytes: 4, constant: 7 },
    { place: { base: 'stack@0', offset: -24 }, bytes: 8 },
  ]);
});

test('a pointer that changes in a loop is given up, and the analysis ends', () => {
  const { writes } = programFlow(
    program(
      `
      r2 = r10
      r2 += -512
      r3 = 0
    again:
      *(u8 *)(r2 + 0) = r3
      r2 += 1
      r3 += 1
      if r3 < 512 goto again
      r0 = 0
      exit`,
      {},
    ),
  );
  expect(writes).toEqual([]);
});

test('what a lookup or a reservation gives is a place of its own', () => {
  const { writes, outputs } = programFlow(
    program(
      `
      r1 = 0 ll
      r2 = 24
      r3 = 0
      call ${BPF_FUNC.ringbuf_reserve}
      if r0 == 0 goto out
      r6 = r0
      *(u64 *)(r6 + 8) = 1
    out:
      r0 = 0
      exit`,
      { 0: 'rb' },
    ),
  );
  expect(outputs).toMatchObject([{ maps: ['rb'], sizes: [24], data: [{ base: 'ring@4', offset: 0 }] }]);
  expect(writes).toMatchObject([{ place: { base: 'ring@4', offset: 8 }, bytes: 8, constant: 1 }]);
});
