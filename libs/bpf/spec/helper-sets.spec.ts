import { readFileSync } from 'node:fs';
import { helperAllowed, helperCapability } from './helper-sets';
import { HELPERS, helperByName } from './helper-table';
import { AttachType, ProgType } from './uapi-enums';

interface Measured {
  name: string;
  type: number;
  attachType: number;
  ids: number[];
}

/** What a 6.18 kernel answered for `call ID; exit` of each type, with lockdown and without kprobe override. */
const measured: Measured[] = JSON.parse(readFileSync(`${__dirname}/fixtures/helpers-6.18.json`, 'utf8'));

/** Missing on the measured kernel because of its configuration. */
const HOST_LACKS = new Set(['probe_write_user', 'override_return'].map((name) => helperByName(name)?.id));

describe('helperAllowed', () => {
  test.each(measured)('$name: as the kernel answers', ({ type, attachType, ids }) => {
    const ours = HELPERS.filter((row) => helperAllowed(type, attachType, row.id) && !HOST_LACKS.has(row.id));
    expect(ours.map((row) => row.id)).toEqual([...ids].sort((a, b) => a - b));
  });

  test('what the measured kernel lacks', () => {
    expect(helperAllowed(ProgType.KPROBE, 0, helperByName('override_return')!.id)).toBe(true);
    expect(helperAllowed(ProgType.TRACEPOINT, 0, helperByName('override_return')!.id)).toBe(false);
    expect(helperAllowed(ProgType.TRACEPOINT, 0, helperByName('probe_write_user')!.id)).toBe(true);
    expect(helperAllowed(ProgType.XDP, 0, helperByName('probe_write_user')!.id)).toBe(false);
  });

  test('trampoline helpers depend on the attach type', () => {
    const ret = helperByName('get_func_ret')!.id;
    expect(helperAllowed(ProgType.TRACING, AttachType.TRACE_FEXIT, ret)).toBe(true);
    expect(helperAllowed(ProgType.TRACING, AttachType.TRACE_FENTRY, ret)).toBe(false);
  });

  test('unknown ids are allowed nowhere', () => {
    expect(helperAllowed(ProgType.KPROBE, 0, 0)).toBe(false);
    expect(helperAllowed(ProgType.KPROBE, 0, 212)).toBe(false);
  });
});

test('capabilities', () => {
  expect(helperCapability(helperByName('map_lookup_elem')!.id)).toBeUndefined();
  expect(helperCapability(helperByName('probe_read_kernel')!.id)).toBe('CAP_PERFMON');
  expect(helperCapability(helperByName('probe_write_user')!.id)).toBe('CAP_SYS_ADMIN');
});
