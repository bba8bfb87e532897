import { readFileSync } from 'node:fs';
import { contextAccess } from './ctx/layout';
import {
  canBeSleepable,
  contextView,
  hasPrivateStack,
  PROGRAM_TYPES,
  programType,
  programTypeByName,
  returnRange,
} from './program-types';
import { AttachType, ProgType } from './uapi-enums';

interface Measured {
  name: string;
  type: number;
  attachType: number;
  /** First offset. */
  first: number;
  access: 'read' | 'write';
  /** One hex digit an offset: bit n set when an access of 2^n bytes loads. */
  sizes: string;
}

/** What a 6.18 kernel answered for one access a program. */
const measured: Measured[] = JSON.parse(readFileSync(`${__dirname}/fixtures/contexts-6.18.json`, 'utf8'));

test.each(measured)('$name $access: as the kernel answers', (row) => {
  const view = contextView(programType(row.type)!, row.attachType)!;
  let ours = '';
  for (let i = 0; i < row.sizes.length; i++) {
    const lawful = [1, 2, 4, 8].map(
      (size, bit) => (contextAccess(view, row.first + i, size, row.access === 'write') ? 1 : 0) << bit,
    );
    ours += lawful.reduce((sum, bit) => sum | bit).toString(16);
  }
  // The syscall context goes on for 64 KiB; elsewhere what lies behind the measured range is refused.
  expect(ours).toBe(row.sizes);
});

test('one row for each type, names as bpftool prints them', () => {
  const numbers = PROGRAM_TYPES.map((row) => row.type);
  const all = Object.values(ProgType).filter((type) => type !== ProgType.UNSPEC);
  expect([...numbers].sort((a, b) => a - b)).toEqual(all);
  for (const row of PROGRAM_TYPES) {
    expect(programTypeByName(row.name)).toBe(row);
  }
});

test('pointer fields say what they load', () => {
  const tc = contextView(programType(ProgType.SCHED_CLS)!, 0)!;
  expect(contextAccess(tc, 76, 4, false)?.field.kind).toBe('packet');
  expect(contextAccess(tc, 80, 4, false)?.field.kind).toBe('packet-end');
  expect(contextAccess(tc, 140, 4, false)?.field.kind).toBe('packet-meta');
  expect(contextAccess(tc, 168, 8, false)?.field.kind).toBe('sock-common-or-null');
  expect(contextAccess(tc, 0, 2, false)).toMatchObject({ field: { name: 'len' }, fieldSize: 4 });
});

test('return ranges', () => {
  expect(returnRange(ProgType.TRACING, AttachType.TRACE_FENTRY)).toEqual({ min: 0, max: 0 });
  expect(returnRange(ProgType.TRACING, AttachType.MODIFY_RETURN)).toBeUndefined();
  expect(returnRange(ProgType.KPROBE, 0)).toBeUndefined();
  expect(returnRange(ProgType.KPROBE, AttachType.TRACE_UPROBE_SESSION)).toEqual({ min: 0, max: 1 });
  expect(returnRange(ProgType.CGROUP_SKB, AttachType.CGROUP_INET_EGRESS)).toEqual({ min: 0, max: 3 });
  expect(returnRange(ProgType.CGROUP_SKB, AttachType.CGROUP_INET_INGRESS)).toEqual({ min: 0, max: 1 });
});

test('sleepable and private stack', () => {
  expect(canBeSleepable(ProgType.TRACING, AttachType.TRACE_RAW_TP)).toBe(false);
  expect(canBeSleepable(ProgType.TRACING, AttachType.TRACE_ITER)).toBe(true);
  expect(canBeSleepable(ProgType.KPROBE, 0)).toBe(true);
  expect(canBeSleepable(ProgType.XDP, AttachType.XDP)).toBe(false);
  expect(hasPrivateStack(ProgType.TRACING, AttachType.TRACE_ITER)).toBe(false);
  expect(hasPrivateStack(ProgType.TRACING, AttachType.TRACE_FEXIT)).toBe(true);
  expect(hasPrivateStack(ProgType.SOCKET_FILTER, 0)).toBe(false);
});
