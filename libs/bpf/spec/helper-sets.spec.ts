import { readFileSync } from 'node:fs';
import { type HelperSite, helperOfHook } from './helper-rules';
import { helperAllowed, helperCapabilities } from './helper-sets';
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
    const site: HelperSite = {
      progType: type,
      expectedAttachType: attachType,
      hook: '',
      sleepable: false,
      interfaceHelpers: 'tcp-congestion',
    };
    const ours = HELPERS.filter(
      ({ id, name: helper }) =>
        helperAllowed(type, attachType, id) && helperOfHook(site, helper) && !HOST_LACKS.has(id),
    );
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

test.each([
  ['map_lookup_elem', 'XDP', []],
  ['loop', 'XDP', ['CAP_BPF']],
  ['probe_read_kernel', 'KPROBE', ['CAP_BPF', 'CAP_PERFMON']],
  ['skc_to_tcp_sock', 'XDP', ['CAP_PERFMON']],
  ['skc_to_tcp_sock', 'SYSCALL', []],
  ['probe_write_user', 'KPROBE', ['CAP_SYS_ADMIN']],
] as const)('%s in %s programs needs %j', (name, type, needs) => {
  expect(helperCapabilities(ProgType[type], helperByName(name)!.id)).toEqual(needs);
});
