import { Btf, BtfBuilder } from '@probed/btf';
import type { ObjectSpec } from '@probed/object';
import { type MapInfo, type MapSpec, MapType } from '@probed/spec';
import { type EventChoice, RecordDecoder } from './record-decoder';

const clock = { bootEpochNs: 0n };

/** An object with the structs `event` (12 bytes) and `tail` (4 bytes and text), and a map of each kind of buffer. */
function testObject(): { object: ObjectSpec; kernelBtf: Btf } {
  const builder = new BtfBuilder();
  const u32 = builder.int('unsigned int', 4);
  const u64 = builder.int('unsigned long long', 8);
  const char = builder.int('char', 1, { signed: true });
  const event = builder.struct('event', 12, [
    { name: 'ts', typeId: u64, offsetBits: 0 },
    { name: 'pid', typeId: u32, offsetBits: 64 },
  ]);
  builder.struct('tail', 4, [
    { name: 'n', typeId: u32, offsetBits: 0 },
    { name: 'text', typeId: builder.array(char, 0, u32), offsetBits: 32 },
  ]);
  const map = (name: string, type: number, valueTypeId = 0): MapSpec => {
    const sizes = { keySize: 0, valueSize: 0, maxEntries: 4096, flags: 0, keyTypeId: 0 };
    return { name, type, valueTypeId, ...sizes };
  };
  const maps = [map('typed', MapType.RINGBUF, event), map('perf', MapType.PERF_EVENT_ARRAY, event)];
  const object: ObjectSpec = {
    name: 'o.bpf.o',
    programs: [],
    maps: [...maps, map('plain', MapType.RINGBUF)],
    license: 'GPL',
    externs: new Map(),
    version: 0,
    btf: parse(builder.finish()),
    debugTypes: () => undefined,
  };
  return { object, kernelBtf: parse(new BtfBuilder().finish()) };
}

function parse(bytes: Uint8Array): Btf {
  const btf = Btf.parse(bytes);
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

function decoder(choices?: readonly EventChoice[]): RecordDecoder {
  const { object, kernelBtf } = testObject();
  const made = RecordDecoder.create(object, kernelBtf, clock, choices);
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

function decode(map: string, type: number, bytes: readonly number[], choices?: readonly EventChoice[]) {
  return decoder(choices).decode({ name: map, type } as MapInfo, Uint8Array.from(bytes), 10e9);
}

/** ts = 2^31 ns, pid = 7. */
const EVENT = [0, 0, 0, 0x80, 0, 0, 0, 0, 7, 0, 0, 0];
const VALUE = { ts: 2 ** 31, pid: 7 };
const { RINGBUF, PERF_EVENT_ARRAY } = MapType;

test("the map's value type tells", () => {
  expect(decode('typed', RINGBUF, EVENT)).toEqual({
    event: 'event',
    value: VALUE,
    wall: { ts: '1970-01-01T00:00:02.147483648Z' },
  });
});

test('padding of a perf buffer is none of the record, more than that is', () => {
  expect(decode('perf', PERF_EVENT_ARRAY, [...EVENT, 0, 0, 0, 0])).not.toHaveProperty('raw');
  expect(decode('perf', PERF_EVENT_ARRAY, [...EVENT, 1, 2, 3, 4, 5, 6, 7, 8])).toMatchObject({
    value: VALUE,
    raw: '0102030405060708',
  });
  expect(decode('typed', RINGBUF, [...EVENT, 9])).toMatchObject({ value: VALUE, raw: '09' });
});

test('a record that ends early has what is there', () => {
  expect(decode('typed', RINGBUF, EVENT.slice(0, 8))).toMatchObject({ value: { ts: 2 ** 31, pid: null } });
});

test('the user says what it is, for one map or for all; text at the end takes the rest', () => {
  const bytes = [3, 0, 0, 0, 97, 98, 99];
  for (const choice of [{ struct: 'tail' }, { map: 'plain', struct: 'struct tail' }]) {
    expect(decode('plain', RINGBUF, bytes, [choice])).toEqual({
      event: 'tail',
      value: { n: 3, text: 'abc' },
    });
  }
  expect(decode('typed', RINGBUF, EVENT, [{ map: 'plain', struct: 'tail' }])).toMatchObject({
    event: 'event',
  });
  expect(decode('typed', RINGBUF, EVENT, [{ struct: 'tail' }])).toMatchObject({ event: 'tail' });
});

test.each([
  [{ struct: 'nothing' }, 'no struct nothing'],
  [{ map: 'nowhere', struct: 'event' }, 'no map nowhere'],
])('%j is refused', (choice, message) => {
  const { object, kernelBtf } = testObject();
  const made = RecordDecoder.create(object, kernelBtf, clock, [choice]);
  expect(made).toMatchObject({ ok: false, error: { code: 'event-type' } });
  expect(made.ok || made.error.message).toContain(message);
});
