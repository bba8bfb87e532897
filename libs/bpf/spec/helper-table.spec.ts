import { readFileSync } from 'node:fs';
import { BPF_FUNC } from '@probed/abi';
import type { HelperArg } from './arg-types';
import { helperAbi } from './helper-proto';
import { HELPERS, helperById, helperByName } from './helper-table';
import { helperProtoFor } from './helper-variants';
import { AttachType, ProgType } from './uapi-enums';

/** `[name, return type, argument types, fixed sizes, flags]` of `struct bpf_func_proto` in a running 6.18 kernel. */
type Proto = [string, string, string[], number[], string[]];
const protos: Proto[] = JSON.parse(readFileSync(`${__dirname}/fixtures/helper-protos-6.18.json`, 'utf8'));

function typeText(type: string, flags: readonly string[] = []): string {
  return [type, ...[...flags].sort()].join('|');
}

function sorted(text: string): string {
  const [type, ...flags] = text.split('|');
  return typeText(type, flags);
}

test('every id of enum bpf_func_id has one row, under its name', () => {
  const ids = Object.entries(BPF_FUNC).filter(([, id]) => id > 0 && id < 212);
  expect(HELPERS.map((row) => [row.name, row.id])).toEqual(ids);
  for (const row of HELPERS) {
    expect(helperById(row.id)).toBe(row);
    expect(helperByName(`bpf_${row.name}`)).toBe(row);
    expect(row.args.length + (row.uncheckedArgs ?? 0)).toBeLessThanOrEqual(5);
  }
  expect(helperById(0)).toBeUndefined();
  expect(helperById(212)).toBeUndefined();
});

test.each(protos)('%s: prototype as in the kernel', (name, ret, args, sizes, flags) => {
  const row = helperByName(name)!;
  expect(typeText(row.ret.type, row.ret.flags)).toBe(sorted(ret));
  expect(row.args.map((arg: HelperArg) => typeText(arg.type, arg.flags))).toEqual(args.map(sorted));
  expect(row.args.map((arg) => arg.size ?? 0)).toEqual(sizes);
  const ours = [
    row.gplOnly && 'gpl',
    row.pktAccess && 'pkt',
    row.mightSleep && 'sleep',
    row.allowFastcall && 'fast',
  ];
  expect(ours.filter(Boolean)).toEqual(flags);
});

test.each([
  ['map_lookup_elem', ['map', 'ptr'], 'ptr'],
  ['ktime_get_ns', [], 'u64'],
  ['probe_read_kernel', ['ptr', 'w32', 'w64'], 'int'],
  ['trace_printk', ['ptr', 'w32', 'w64', 'w64', 'w64'], 'int'],
  ['loop', ['w32', 'func', 'ptr', 'w64'], 'int'],
  ['send_signal', ['w32'], 'int'],
  ['ringbuf_submit', ['ptr', 'w64'], 'void'],
])('helperAbi of %s', (name, args, ret) => {
  expect(helperAbi(helperByName(name)!)).toEqual({ args, ret });
});

test('prototypes that differ by program type', () => {
  const id = (name: string) => helperByName(name)!.id;
  expect(helperProtoFor(ProgType.TRACING, AttachType.TRACE_ITER, id('get_socket_cookie'))?.args[0].type).toBe(
    'PTR_TO_BTF_ID_SOCK_COMMON',
  );
  expect(helperProtoFor(ProgType.SOCKET_FILTER, 0, id('get_socket_cookie'))?.args[0].type).toBe('PTR_TO_CTX');
  expect(helperProtoFor(ProgType.PERF_EVENT, 0, id('get_stackid'))?.gplOnly).toBe(false);
  expect(helperProtoFor(ProgType.KPROBE, 0, id('get_stackid'))?.gplOnly).toBe(true);
  expect(helperProtoFor(ProgType.SOCKET_FILTER, 0, id('get_stackid'))).toBeUndefined();
});
