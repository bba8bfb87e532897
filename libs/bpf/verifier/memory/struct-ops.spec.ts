import { Btf, BtfBuilder } from '@probed/btf';
import { BPF_F_SLEEPABLE, ProgType } from '@probed/spec';
import { type Case, run } from '../fixtures/run-case';

/** A kernel with the interfaces that programs can implement, as far as the tests need them. */
function kernel(): Btf {
  const b = new BtfBuilder();
  const int = b.int('int', 4, { signed: true });
  const member = (name: string, typeId: number, offset: number) => ({
    name,
    typeId,
    offsetBits: offset * 8,
    bits: 0,
  });
  const state = b.struct('bpf_dummy_ops_state', 4, [member('val', int, 0)]);
  const statePtr = b.ptr(state);
  const test1 = b.ptr(b.funcProto(int, [{ name: '', typeId: statePtr }]));
  b.struct('bpf_dummy_ops', 24, [
    member('test_1', test1, 0),
    member('test_2', test1, 8),
    member('test_sleepable', test1, 16),
  ]);
  b.struct('bpf_struct_ops_bpf_dummy_ops', 24, []);
  b.func('bpf_dummy_ops__test_1', b.funcProto(int, [{ name: 'cb__nullable', typeId: statePtr }]), 'static');
  const sock = b.struct('sock', 16, [member('sk_pacing_rate', int, 8)]);
  b.struct('inet_connection_sock', 24, [member('icsk_inet', sock, 0)]);
  b.struct('tcp_sock', 64, [
    member('inet_conn', sock, 0),
    member('snd_cwnd', int, 32),
    member('mss', int, 36),
  ]);
  const onSock = b.ptr(b.funcProto(0, [{ name: 'sk', typeId: b.ptr(sock) }]));
  b.struct('tcp_congestion_ops', 32, [
    member('init', onSock, 0),
    member('release', onSock, 8),
    member('get_info', onSock, 16),
    member('flags', int, 24),
  ]);
  b.struct('bpf_struct_ops_tcp_congestion_ops', 32, []);
  const btf = Btf.parse(b.finish());
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

const KERNEL_BTF = kernel();
const EXIT = 'r0 = 0\nexit';
const ARG = 'r1 = *(u64 *)(r1 + 0)';

function verdict(type: string, member: string, asm = EXIT, more: Partial<Case> = {}): string {
  const structOps = { type, member };
  const result = run({ asm, type: ProgType.STRUCT_OPS, structOps, kernelBtf: KERNEL_BTF, ...more });
  return result.ok ? 'accept' : result.error.message;
}

describe('members', () => {
  test.each<[string, string, Partial<Case>, string]>([
    ['bpf_dummy_ops', 'test_1', {}, 'accept'],
    [
      'bpf_dummy_ops',
      'test_1',
      { flags: BPF_F_SLEEPABLE },
      'attach to unsupported member test_1 of struct bpf_dummy_ops',
    ],
    ['bpf_dummy_ops', 'test_sleepable', { flags: BPF_F_SLEEPABLE }, 'accept'],
    ['bpf_dummy_ops', 'test_1', { license: 'MIT' }, 'struct ops programs must have a GPL compatible license'],
    ['tcp_congestion_ops', 'init', { asm: 'exit' }, 'accept'],
    [
      'tcp_congestion_ops',
      'get_info',
      {},
      'attach to unsupported member get_info of struct tcp_congestion_ops',
    ],
    [
      'tcp_congestion_ops',
      'flags',
      {},
      'attach to invalid member flags(@idx 3) of struct tcp_congestion_ops',
    ],
  ])('%s.%s %j', (type, member, more, expected) => {
    expect(verdict(type, member, more.asm ?? EXIT, more)).toBe(expected);
  });

  test('a struct that is no interface', () => {
    expect(verdict('sock', 'sk_pacing_rate')).toMatch(/^attach_btf_id \d+ is not a supported struct$/);
  });
});

describe('arguments and what may be written', () => {
  test.each<[type: string, member: string, asm: string, expected: string]>([
    [
      'bpf_dummy_ops',
      'test_1',
      `${ARG}\nr0 = *(u32 *)(r1 + 0)\nexit`,
      "R1 invalid mem access 'trusted_ptr_or_null_'",
    ],
    ['bpf_dummy_ops', 'test_2', `${ARG}\n*(u32 *)(r1 + 0) = 1\n${EXIT}`, 'accept'],
    ['bpf_dummy_ops', 'test_2', `${ARG}\n*(u64 *)(r1 + 0) = 1\n${EXIT}`, 'write access at off 0 with size 8'],
    ['tcp_congestion_ops', 'init', `${ARG}\n*(u32 *)(r1 + 32) = 1\nexit`, 'accept'],
    ['tcp_congestion_ops', 'init', `${ARG}\n*(u32 *)(r1 + 8) = 1\nexit`, 'accept'],
    [
      'tcp_congestion_ops',
      'init',
      `${ARG}\n*(u32 *)(r1 + 36) = 1\nexit`,
      'no write support to tcp_sock at off 36',
    ],
    [
      'tcp_congestion_ops',
      'init',
      `${ARG}\n*(u64 *)(r1 + 32) = 1\nexit`,
      'write access at off 32 with size 8 beyond the member of tcp_sock ended at 36',
    ],
    ['tcp_congestion_ops', 'init', '*(u64 *)(r1 + 0) = 1\nexit', 'invalid bpf_context access off=0 size=8'],
  ])('%s.%s: %s', (type, member, asm, expected) => {
    expect(verdict(type, member, asm)).toBe(expected);
  });
});

describe('helpers', () => {
  const SETSOCKOPT = `${ARG}\nr2 = 1\nr3 = 2\nr4 = r10\nr4 += -8\n*(u64 *)(r10 - 8) = 0\nr5 = 4\ncall setsockopt\nexit`;

  test('a socket that goes away has no options to set', () => {
    expect(verdict('tcp_congestion_ops', 'init', SETSOCKOPT)).toBe('accept');
    expect(verdict('tcp_congestion_ops', 'release', SETSOCKOPT)).toBe(
      'program of this type cannot use helper bpf_setsockopt#49',
    );
  });

  test('an interface may have none', () => {
    expect(verdict('bpf_dummy_ops', 'test_1', `call ktime_get_ns\n${EXIT}`)).toBe(
      'program of this type cannot use helper bpf_ktime_get_ns#5',
    );
  });
});
