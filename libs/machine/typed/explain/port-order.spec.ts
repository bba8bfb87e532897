import type { ProgramSpec } from '@probed/spec';
import { portOrder } from './port-order';

const SWAP = { opcode: 0xdc, dst: 1, src: 0, off: 0, imm: 16 };
const program = (...insns: unknown[]) => ({ insns }) as unknown as ProgramSpec;

it.each([
  ['a kernel field as it is', ['e->dport = BPF_CORE_READ(sk, __sk_common.skc_dport);'], 'network'],
  ['one that is swapped', ['e->dport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));'], 'host'],
  ['one that the kernel keeps swapped', ['e.dport = BPF_CORE_READ(sk, __sk_common.skc_num);'], 'host'],
  ['one read into it', ['BPF_CORE_READ_INTO(&tuple->dport, sk, __sk_common.skc_dport);'], 'network'],
  [
    'a variable between',
    ['dport = BPF_CORE_READ(sk, __sk_common.skc_dport);', 'e->dport = bpf_ntohs(dport);'],
    'host',
  ],
  ['a variable swapped twice over', ['p = bpf_ntohs(inet->inet_sport);', 'e->dport = htons(p);'], 'network'],
  ['two that agree', ['t->dport = th->dest;', 'n = sk->skc_num;', 't.dport = bpf_htons(n);'], 'network'],
  [
    'lines that differ',
    ['t->dport = BPF_CORE_READ(sk, skc_dport);', 'e->dport = BPF_CORE_READ(sk, skc_num);'],
    undefined,
  ],
  ['another member', ['e->sport = BPF_CORE_READ(sk, skc_dport);'], undefined],
])('%s', (_what, lines, order) => {
  expect(portOrder('dport', lines, [program(SWAP)])).toBe(order);
});

it('takes any line about it when nothing is swapped at all', () => {
  const lines = ['bpf_core_read(&dport, sizeof(dport), &sk->__sk_common.skc_dport);'];
  expect(portOrder('dport', lines, [program()])).toBe('network');
  expect(portOrder('dport', lines, [program(SWAP)])).toBeUndefined();
});
