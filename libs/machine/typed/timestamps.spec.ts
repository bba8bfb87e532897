import { Btf, BtfBuilder } from '@probed/btf';
import { timestampMembers, wallTimes } from './timestamps';

const NAMES: readonly (readonly [name: string, nsPerUnit: number | undefined])[] = [
  ['ts', 1],
  ['timestamp', 1],
  ['ktime_ns', 1],
  ['start_time', 1],
  ['ts_us', 1e3],
  ['time_ms', 1e6],
  ['start_ns', 1],
  ['startTime', 1],
  ['last_seen', 1],
  ['start', undefined],
  ['delta_ns', undefined],
  ['latency_ns', undefined],
  ['duration_time', undefined],
  ['cpu_time', undefined],
  ['runtime', undefined],
  ['timeout_ns', undefined],
  ['count', undefined],
  ['status', undefined],
];

function structOf(build: (b: BtfBuilder, u64: number, u32: number) => number): { btf: Btf; id: number } {
  const builder = new BtfBuilder();
  const u64 = builder.int('unsigned long long', 8);
  const id = build(builder, u64, builder.int('unsigned int', 4));
  const btf = Btf.parse(builder.finish());
  if (!btf.ok) throw new Error(btf.error.message);
  return { btf: btf.value, id };
}

test.each(NAMES)('a member called %s is a moment of %s ns a unit', (name, nsPerUnit) => {
  const { btf, id } = structOf((b, u64) => b.struct('s', 8, [{ name, typeId: u64, offsetBits: 0 }]));
  expect(timestampMembers(btf, id)).toEqual(nsPerUnit === undefined ? [] : [{ path: [name], nsPerUnit }]);
});

test('only 64-bit integers count, in nested and anonymous structs too', () => {
  const { btf, id } = structOf((b, u64, u32) => {
    const inner = b.struct('inner', 8, [{ name: 'ts', typeId: b.typedef('u64', u64), offsetBits: 0 }]);
    const anonymous = b.struct('', 8, [{ name: 'time', typeId: u64, offsetBits: 0 }]);
    return b.struct('s', 24, [
      { name: 'ts', typeId: u32, offsetBits: 0 },
      { name: 'at', typeId: inner, offsetBits: 64 },
      { name: '', typeId: anonymous, offsetBits: 128 },
    ]);
  });
  expect(timestampMembers(btf, id).map(({ path }) => path.join('.'))).toEqual(['at.ts', 'time']);
});

describe('wallTimes', () => {
  const clock = { bootEpochNs: 1_767_225_600_000_000_000n };
  const members = [
    { path: ['ts'], nsPerUnit: 1 },
    { path: ['in', 'ts_us'], nsPerUnit: 1e3 },
  ];

  test('of moments between boot and now', () => {
    expect(wallTimes(members, { ts: 2_000_000_001, in: { ts_us: 3_000_000 } }, 5e9, clock)).toEqual({
      ts: '2026-01-01T00:00:02.000000001Z',
      'in.ts_us': '2026-01-01T00:00:03.000000000Z',
    });
  });

  test.each([0, 1000, 6e9, '18446744073709551615', null])('not of %p', (ts) => {
    expect(wallTimes(members, { ts, in: null }, 5e9, clock)).toBeUndefined();
  });
});
