/**
 * Which kernel functions programs of each type may call: our table against the running kernel, asked with a program
 * that makes the one call. Without Linux, root and bpf(2) it says so in a line and passes.
 */
import { BPF_PSEUDO_CALLEE, encodeInsns, OP_CALL } from '@probed/isa';
import { BPF_F_SLEEPABLE, KFUNCS, kfuncFor, ProgType } from '@probed/spec';
import { exit, insn, movImm } from './emitter';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';

const TYPES: readonly (keyof typeof ProgType)[] = [
  'SOCKET_FILTER',
  'KPROBE',
  'SCHED_CLS',
  'TRACEPOINT',
  'XDP',
  'CGROUP_SKB',
  'SK_SKB',
  'LWT_XMIT',
  'RAW_TRACEPOINT',
  'SYSCALL',
];

const REFUSED = /calling kernel function \S+ is not allowed/;
/** Refused before anybody looks at the type: the program would have to be bound to a device. */
const DEVICE_BOUND = 'bpf_xdp_metadata_';

async function isAllowed(kernel: HostKernel, type: number, id: number): Promise<boolean> {
  const call = insn(OP_CALL, 0, BPF_PSEUDO_CALLEE.KFUNC, 0, id);
  const insns = encodeInsns([call, movImm(0, 0), exit()]);
  const flags = type === ProgType.SYSCALL ? BPF_F_SLEEPABLE : 0;
  const { log } = await kernel.load({ type, flags, insns, license: 'GPL', logLevel: 1 });
  if (!log.includes('processed ')) throw new Error(`the kernel does not judge type ${type}: ${log}`);
  return !REFUSED.test(log);
}

test.each(TYPES)('kernel functions that %s programs may call', async (name) => {
  const kernel = await openHostKernel();
  const facts = hostFacts();
  if (typeof kernel === 'string' || !facts) {
    console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
    return;
  }
  try {
    const type = ProgType[name];
    const wrong: string[] = [];
    for (const row of KFUNCS) {
      const id = facts.btf.findByName(row.name, 'func');
      if (id === undefined || row.name.startsWith(DEVICE_BOUND)) continue;
      const ours = kfuncFor(type, 0, row.name) !== undefined;
      if (ours !== (await isAllowed(kernel, type, id))) wrong.push(row.name);
    }
    expect(wrong).toEqual([]);
  } finally {
    kernel.close();
  }
});
