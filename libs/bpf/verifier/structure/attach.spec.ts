import { Btf, BtfBuilder } from '@probed/btf';
import { AttachType, BPF_F_SLEEPABLE, ProgType } from '@probed/spec';
import { type Case, run } from '../fixtures/run-case';

/** Functions to hang on; prototypes differ where a trampoline can't wrap them all. */
function kernel(): Btf {
  const b = new BtfBuilder();
  const int = b.int('int', 4, { signed: true });
  const wide = b.struct('wide', 24, []);
  const plain = b.funcProto(int, [{ name: 'a', typeId: int }]);
  const nothing = b.funcProto(0, []);
  for (const name of [
    'vfs_read',
    'should_failslab',
    '__x64_sys_getpid',
    'security_file_open',
    'migrate_disable',
    'bpf_fentry_test1',
    'bpf_lsm_file_open',
    'bpf_lsm_task_kill',
    'bpf_lsm_key_getsecurity',
    'bpf_lsm_init',
  ]) {
    b.func(name, plain);
  }
  b.func('bpf_lsm_task_free', nothing);
  const many = Array.from({ length: 13 }, (_, i) => ({ name: `a${i}`, typeId: int }));
  b.func('too_many', b.funcProto(int, many));
  b.func('by_value', b.funcProto(int, [{ name: 'w', typeId: wide }]));
  b.func('returns_struct', b.funcProto(wide, []));
  b.func(
    'variable',
    b.funcProto(int, [
      { name: 'a', typeId: int },
      { name: '', typeId: 0 },
    ]),
  );
  const btf = Btf.parse(b.finish());
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
}

const KERNEL_BTF = kernel();
const TYPES = {
  fentry: { type: ProgType.TRACING, expectedAttachType: AttachType.TRACE_FENTRY },
  fexit: { type: ProgType.TRACING, expectedAttachType: AttachType.TRACE_FEXIT },
  fmod_ret: { type: ProgType.TRACING, expectedAttachType: AttachType.MODIFY_RETURN },
  lsm: { type: ProgType.LSM, expectedAttachType: AttachType.LSM_MAC },
  lsm_cgroup: { type: ProgType.LSM, expectedAttachType: AttachType.LSM_CGROUP },
  freplace: { type: ProgType.EXT, expectedAttachType: 0 },
} as const;

function verdict(section: string, asm = 'r0 = 0\nexit', more: Partial<Case> = {}): string {
  const [kind, attachTo = ''] = section.split('/');
  const sleepable = kind.endsWith('.s');
  const row = TYPES[(sleepable ? kind.slice(0, -2) : kind) as keyof typeof TYPES];
  const flags = sleepable ? BPF_F_SLEEPABLE : 0;
  const result = run({ asm, attachTo, flags, kernelBtf: KERNEL_BTF, ...row, ...more });
  return result.ok ? 'accept' : result.error.message;
}

/** kernel/bpf/verifier.c: bpf_check_attach_target. */
describe('targets', () => {
  test.each([
    ['fentry/vfs_read', 'accept'],
    ['fentry/', 'Tracing programs must provide btf_id'],
    ['fentry.s/vfs_read', 'vfs_read is not sleepable'],
    ['fentry.s/__x64_sys_getpid', 'accept'],
    ['fentry.s/should_failslab', 'should_failslab is not sleepable'],
    ['fentry.s/bpf_fentry_test1', 'accept'],
    ['fmod_ret/vfs_read', 'vfs_read() is not modifiable'],
    ['fmod_ret/security_file_open', 'accept'],
    ['fmod_ret/__x64_sys_getpid', 'accept'],
    ['fmod_ret.s/security_file_open', 'security_file_open is not sleepable'],
    ['fexit/migrate_disable', "Attaching tracing programs to function 'migrate_disable' is rejected."],
    ['fentry/too_many', 'The function too_many has 13 arguments. Too many.'],
    ['fentry/by_value', 'The function by_value arg0 type STRUCT is unsupported.'],
    ['fentry/returns_struct', 'The function returns_struct return type STRUCT is unsupported.'],
    ['fentry/variable', 'The function variable with variable args is unsupported.'],
    ['fentry/gone', "attach target 'gone' is not a function or tracepoint of the kernel"],
    ['lsm/file_open', 'accept'],
    ['lsm.s/file_open', 'accept'],
    ['lsm.s/task_kill', 'bpf_lsm_task_kill is not sleepable'],
    ['freplace/vfs_read', 'Cannot replace kernel functions'],
    ['freplace/handler', 'replacing function handler of another program is not supported'],
  ])('%s', (section, expected) => {
    expect(verdict(section)).toBe(expected);
  });

  test('LSM hooks that programs can not have', () => {
    expect(verdict('lsm/key_getsecurity')).toMatch(/^attach_btf_id \d+ points to disabled hook bpf_lsm_/);
    expect(verdict('lsm/init')).toMatch(/^attach_btf_id \d+ points to wrong type name bpf_lsm_init$/);
    expect(verdict('lsm/file_open', 'r0 = 0\nexit', { license: 'MIT' })).toBe(
      'LSM programs must have a GPL compatible license',
    );
  });
});

/** kernel/bpf/verifier.c: check_return_code. */
describe('results', () => {
  const returned = (value: number) => `r0 = ${value}\nexit`;
  const outside = (value: number, range: string) =>
    `At program exit the register R0 has smin=${value} smax=${value} should have been in ${range}`;

  test.each([
    ['fentry/vfs_read', 1, outside(1, '[0, 0]')],
    ['fmod_ret/security_file_open', -7, 'accept'],
    ['lsm/file_open', -13, 'accept'],
    ['lsm/file_open', 1, outside(1, '[-4095, 0]')],
    ['lsm/task_free', 5, 'accept'],
    ['lsm_cgroup/file_open', 1, 'accept'],
    ['lsm_cgroup/file_open', 2, outside(2, '[0, 1]')],
    ['lsm_cgroup/task_free', 0, outside(0, '[1, 1]')],
  ])('%s returns %d', (section, value, expected) => {
    expect(verdict(section, returned(value))).toBe(expected);
  });

  test('hooks without a result need none', () => {
    expect(verdict('lsm/task_free', 'exit')).toBe('accept');
    expect(verdict('lsm/file_open', 'exit')).toBe('R0 !read_ok');
  });

  test('programs on void hooks of a cgroup are told why', () => {
    const result = run({
      asm: returned(0),
      attachTo: 'task_free',
      kernelBtf: KERNEL_BTF,
      ...TYPES.lsm_cgroup,
    });
    expect(!result.ok && result.error.log[result.error.log.length - 1]).toBe(
      "Note, BPF_LSM_CGROUP that attach to void LSM hooks can't modify return value!",
    );
  });
});
