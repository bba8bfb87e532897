import { Btf, BtfBuilder, type NewMember, valueDecoder } from '@probed/btf';
import { compileExplainer } from './explainer';
import * as names from './number-names';
import type { ObjectEvidence } from './object-evidence';

type Field = readonly [name: string, type: string, bytes: Uint8Array | number | bigint];

const WIDTHS: Readonly<Record<string, number>> = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  s32: 4,
  be16: 2,
  be32: 4,
  u128: 16,
};

/** A struct of fields one behind the other, and the bytes of one value of it. */
function structOf(fields: readonly Field[]) {
  const builder = new BtfBuilder();
  const int = (name: string, size: number) => builder.int(name, size, { signed: name.startsWith('s') });
  const u32 = int('unsigned int', 4);
  const members: NewMember[] = [];
  const bytes: number[] = [];
  for (const [name, type, held] of fields) {
    const array = /^(u8|char|u64)\[(\d+)\]$/.exec(type);
    let typeId: number;
    let size: number;
    if (array) {
      const element = array[1] === 'u64' ? 8 : 1;
      const elementId = int(array[1] === 'char' ? 'char' : `unsigned ${array[1]}`, element);
      typeId = builder.array(elementId, Number(array[2]), u32);
      size = element * Number(array[2]);
    } else {
      size = WIDTHS[type];
      const base = int(type === 's32' ? 'sint' : `unsigned ${size}`, size);
      typeId = /^be/.test(type) ? builder.typedef(`__${type}`, base) : base;
    }
    members.push({ name, typeId, offsetBits: bytes.length * 8 });
    const raw = held instanceof Uint8Array ? held : littleEndian(BigInt(held), size);
    bytes.push(...raw, ...new Array<number>(size - raw.length).fill(0));
  }
  const typeId = builder.struct('event', bytes.length, members);
  const btf = Btf.parse(builder.finish());
  if (!btf.ok) throw new Error(btf.error.message);
  return { btf: btf.value, typeId, bytes: Uint8Array.from(bytes) };
}

function littleEndian(value: bigint, size: number): number[] {
  const word = BigInt.asUintN(size * 8, value);
  return Array.from({ length: size }, (_, i) => Number((word >> BigInt(8 * i)) & 0xffn));
}

const SYMBOLS = {
  kernelSymbol: (address: number) => (address === -0x7f000000 ? { name: 'vfs_read', offset: 26 } : undefined),
  userSymbol: (address: number) => ({ name: 'main', offset: address, module: '/bin/cat' }),
  cgroupPath: (id: number) => (id === 77 ? '/kubepods/web' : undefined),
};

function explain(hooks: string, fields: readonly Field[], evidence: Partial<ObjectEvidence> = {}) {
  const { btf, typeId, bytes } = structOf(fields);
  const all = { hooks, setting: () => undefined, portOrder: () => undefined, ...evidence };
  const value = valueDecoder(btf, typeId)(bytes);
  const stackOf = (id: number) => (id === 9 ? [{ ip: '0x1', symbol: 'schedule', offset: 0 }] : undefined);
  return compileExplainer(btf, typeId, all)?.(value, bytes, { symbols: SYMBOLS, stackOf }) ?? {};
}

const V4 = Uint8Array.of(10, 0, 0, 7);
const V6 = Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

test.each<[string, readonly Field[], Readonly<Record<string, string>>]>([
  [
    'tracepoint/syscalls/sys_exit_openat',
    [
      ['flags', 'u32', 0o2000101],
      ['ret', 's32', -2],
    ],
    { flags: 'O_WRONLY|O_CREAT|O_CLOEXEC', ret: '-ENOENT' },
  ],
  [
    'kprobe/other',
    [
      ['flags', 'u32', 64],
      ['ret', 's32', 3],
    ],
    {},
  ],
  ['kprobe/cap_capable', [['cap', 'u32', 21]], { cap: 'CAP_SYS_ADMIN' }],
  ['kprobe/other', [['cap', 'u32', 21]], {}],
  ['tracepoint/signal/signal_generate', [['sig', 'u32', 9]], { sig: 'SIGKILL' }],
  [
    'tracepoint/sock/inet_sock_set_state',
    [
      ['oldstate', 'u32', 2],
      ['newstate', 'u32', 1],
    ],
    { oldstate: 'TCP_SYN_SENT', newstate: 'TCP_ESTABLISHED' },
  ],
  [
    'kprobe/tcp_v4_connect',
    [
      ['saddr', 'be32', 0x0700000a],
      ['dport', 'be16', 0x5000],
    ],
    { saddr: '10.0.0.7', dport: '80' },
  ],
  [
    'kprobe/tcp_connect',
    [
      ['family', 'u16', 2],
      ['saddr', 'u8[16]', V4],
    ],
    { family: 'AF_INET', saddr: '10.0.0.7' },
  ],
  [
    'kprobe/tcp_connect',
    [
      ['family', 'u16', 10],
      ['saddr', 'u128', V6],
    ],
    { family: 'AF_INET6', saddr: '2001:db8::1' },
  ],
  ['kprobe/x', [['saddr', 'u32', 7]], {}],
  [
    'kprobe/x',
    [['h_source', 'u8[6]', Uint8Array.of(2, 0, 0xde, 0xad, 0xbe, 0xef)]],
    { h_source: '02:00:de:ad:be:ef' },
  ],
  ['raw_tp/sys_enter', [['nr', 'u32', 257]], { nr: 'openat' }],
  [
    'tp/block/block_rq_issue',
    [
      ['dev', 'u32', (253 << 20) | 1],
      ['sector', 'u64', 8],
    ],
    { dev: '253:1' },
  ],
  [
    'kprobe/x',
    [
      ['delta_us', 'u64', 1500],
      ['latency_ns', 'u64', 999],
      ['delta', 'u64', 5],
    ],
    { delta_us: '1.5 ms', latency_ns: '999 ns' },
  ],
  [
    'kprobe/x',
    [
      ['ip', 'u64', -0x7f000000n],
      ['cgroup_id', 'u64', 77],
    ],
    { ip: 'vfs_read+0x1a', cgroup_id: '/kubepods/web' },
  ],
  [
    'kprobe/x',
    [
      ['path', 'u8[8]', Uint8Array.of(0x2f, 0x78)],
      ['data', 'u8[4]', Uint8Array.of(1, 2, 3, 4)],
    ],
    { path: '/x' },
  ],
  [
    'kprobe/x',
    [
      ['args_size', 'u32', 8],
      ['args', 'char[16]', new TextEncoder().encode('ls\0-l a\0')],
    ],
    { args: "ls '-l a'" },
  ],
])('%s %j', (hooks, fields, expected) => {
  expect(explain(hooks, fields).explained ?? {}).toEqual(expected);
});

test('a port is swapped only where the source shows that it is in network order', () => {
  const fields: Field[] = [['dport', 'u16', 0x5000]];
  expect(explain('kprobe/tcp', fields, { portOrder: () => 'network' }).explained).toEqual({ dport: '80' });
  expect(explain('kprobe/tcp', fields, { portOrder: () => 'host' }).explained).toBeUndefined();
  expect(explain('kprobe/tcp', fields).explained).toBeUndefined();
});

test('ids and arrays of addresses become stacks', () => {
  const { stacks } = explain('perf_event', [
    ['kern_stack_id', 's32', 9],
    ['user_stack_id', 's32', -14],
    ['callers', 'u64[2]', Uint8Array.of(5)],
  ]);
  expect(stacks).toEqual({
    kern_stack_id: [{ ip: '0x1', symbol: 'schedule', offset: 0 }],
    callers: [{ ip: '0x5', symbol: 'main', offset: 5, module: '/bin/cat' }],
  });
});

test.each([
  [names.openFlags, 0, 'O_RDONLY'],
  [names.openFlags, 0o100001, 'O_WRONLY'],
  [names.openFlags, -1, undefined],
  [names.cloneFlags, 0x11, 'SIGCHLD'],
  [names.cloneFlags, 0x20000 | 17, 'CLONE_NEWNS|SIGCHLD'],
  [names.mountFlags, 4097, 'MS_RDONLY|MS_BIND'],
  [names.mountFlags, 0, undefined],
  [names.errorReturn, 4294967294, '-ENOENT'],
  [names.errorReturn, -5000, undefined],
  [names.errorNumber, 13, 'EACCES'],
  [names.descriptor, 4294967196, 'AT_FDCWD'],
  [names.fileMode, 0o100644, 'S_IFREG|0644'],
  [names.fileMode, 0o755, '0755'],
  [names.durationText, 2_340_000_000, '2.34 s'],
])('%p of %d', (text, value, expected) => expect(text(value)).toBe(expected));

test('addresses outside the kernel’s text are hex, those of processes stay numbers', () => {
  const of = (address: bigint) => explain('kprobe/tcp', [['skaddr', 'u64', address]]).explained;
  expect(of(0xffff_8880_004e_9000n)).toEqual({ skaddr: '0xffff8880004e9000' });
  expect(of(0xffff_ffff_8100_0000n)).toEqual({ skaddr: 'vfs_read+0x1a' });
  expect(of(0x7f00_1234_0000n)).toBeUndefined();
});
