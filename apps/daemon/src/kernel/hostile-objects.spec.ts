import type { LoadOptions } from '@probed/protocol';
import { CommandRefused } from '../threads/rpc';
import { exampleBytes, Harness, loadOf } from './testing/harness';

const OPENSNOOP = exampleBytes('opensnoop');
const text = (words: string) => new TextEncoder().encode(words);

/** Some bits of it are wrong; the same ones for the same seed. */
function damaged(bytes: Uint8Array, seed: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  let state = seed;
  for (let i = 0; i < 1 + (seed % 40); i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    copy[state % copy.length] ^= 1 << (state >>> 29);
  }
  return copy;
}

/** Bytes, options, and the refusal: its code, errno, and a part of its line. */
type Case = readonly [string, Uint8Array, Partial<LoadOptions>, Record<string, unknown>];

const says = (words: string) => expect.stringContaining(words);

const CASES: readonly Case[] = [
  ['no bytes', new Uint8Array(), {}, { code: 'elf-empty', errno: 22 }],
  [
    'a text',
    text('#!/bin/sh\necho hello\n'),
    {},
    { code: 'elf-bad-magic', errno: 22, message: says('text') },
  ],
  ['half a file', OPENSNOOP.subarray(0, 1_000), {}, { code: 'elf-truncated', errno: 22 }],
  [
    'a program that the verifier refuses',
    exampleBytes('rejected/leaked_record'),
    {},
    {
      code: 'verifier-reject',
      errno: 22,
      message: says('Unreleased reference'),
      log: expect.arrayContaining([says('exit')]),
    },
  ],
  [
    'a map of 4 G entries',
    OPENSNOOP,
    { max_entries: { starts: 0xffff_ffff } },
    { code: 'map-attributes', errno: 7, message: says('starts') },
  ],
  [
    'a ring of 2 GiB',
    exampleBytes('execaudit'),
    { max_entries: { events: 0x8000_0000 } },
    { code: 'map-no-memory', errno: 12, hint: says('lower max_entries') },
  ],
  [
    'a map that leaves too little to the kernel',
    OPENSNOOP,
    { max_entries: { starts: 8_388_608 } },
    { code: 'no-memory', errno: 12, message: says('too little') },
  ],
  [
    'no such map',
    OPENSNOOP,
    { max_entries: { evnts: 4_096 } },
    { code: 'no-such-map', hint: says('events') },
  ],
  ['no such variable', OPENSNOOP, { set: { target_pd: 1 } }, { code: 'variable', hint: says('target_pid') }],
  ['a variable of another type', OPENSNOOP, { set: { target_pid: [1] } }, { code: 'value-encode' }],
  ['no such struct', OPENSNOOP, { event: { '*': 'evnt' } }, { code: 'event-type', hint: says('event') }],
  ['no such program', OPENSNOOP, { optional: ['nothing'] }, { code: 'no-such-program', errno: 2 }],
  [
    'no such hook',
    OPENSNOOP,
    { targets: { enter_openat: { target: 'syscalls/sys_enter_opneat' } } },
    { code: 'no-such-hook', errno: 2, hint: says('syscalls:sys_enter_openat') },
  ],
  ['no such node', OPENSNOOP, { node: 'node-9' }, { code: 'no-such-node', hint: says('node-1, node-2') }],
];

describe('object.load of what is wrong', () => {
  const harness = new Harness({});
  const { client } = harness;
  let memory = 0;

  beforeAll(async () => {
    await client.start({ scenario: 'demo-cluster', seed: 1, speed: 1, rate: 0 });
    await client.call('workload.stop', null);
    memory = (await client.call('status', null)).memory_bytes;
  });
  afterAll(() => client.stop());

  afterEach(async () => {
    expect(await client.call('program.list', null)).toEqual([]);
    expect(client.state).toMatchObject({ state: 'running', restarts: 0 });
    expect((await client.call('status', null)).memory_bytes).toBe(memory);
  });

  it.each(CASES)(
    '%s: one line that says so, and nothing is left behind',
    async (_, bytes, options, refusal) => {
      const load = loadOf('opensnoop', { bytes, options: { attach: true, ...options } });
      const error = await client.call('object.load', load).catch((refused: unknown) => refused);
      expect(error).toBeInstanceOf(CommandRefused);
      const { diagnostic } = error as CommandRefused;
      expect(diagnostic).toMatchObject(refusal);
      expect(diagnostic.message).toMatch(/^[^\n]+$/);
    },
  );

  it('damaged files: refused, or loaded and unloaded again', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const load = loadOf('opensnoop', { bytes: damaged(OPENSNOOP, seed * 7_919) });
      const outcome = await client.call('object.load', load).catch((refused: unknown) => refused);
      if (outcome instanceof CommandRefused) continue;
      expect(outcome).toHaveProperty('programs');
      await client.call('object.unload', { object_id: 7 });
    }
  });

  it('ids that are not there, and ids that are', async () => {
    const missing = [
      client.call('object.unload', { object_id: 99 }),
      client.call('program.log', { program_id: 99 }),
      client.call('link.detach', { link_id: 99 }),
      client.call('map.dump', { map_id: 99, limit: 1 }),
      client.call('link.create', { link_id: 1, program_id: 99 }),
    ];
    for (const call of missing) await expect(call).rejects.toMatchObject({ diagnostic: { errno: 2 } });
    await client.call('object.load', loadOf('opensnoop'));
    await expect(client.call('object.load', loadOf('opensnoop'))).rejects.toMatchObject({
      diagnostic: { code: 'object-exists' },
    });
    await client.call('object.unload', { object_id: 7 });
  });
});
