/**
 * Our verdict against the running kernel's on random programs of callers who lack capabilities: pointers that must not
 * leak, speculative paths, masks. `PROBED_DIFFERENTIAL_COUNT` programs a set of capabilities (default 100), each as it
 * is and mutated. Without any, socket filters load only where `kernel.unprivileged_bpf_disabled` is 0; elsewhere, and
 * without Linux, root and bpf(2), it says so in a line and passes.
 */
import { readFileSync } from 'node:fs';
import { Prng } from '@probed/base';
import { encodeInsns, type Insn } from '@probed/isa';
import { type KernelFacts, ProgType } from '@probed/spec';
import { capabilityMask } from './capabilities';
import { complaint } from './complaint';
import { judge } from './emulated';
import { generateProgram, mutateProgram } from './generate';
import { generatePointerProgram, POINTER_MAPS } from './generate-pointers';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';
import { type Comparison, explainTally, Tally } from './tally';

const LOG_TAIL_BYTES = 1 << 16;
const SWITCH = '/proc/sys/kernel/unprivileged_bpf_disabled';

async function compare(
  kernel: HostKernel,
  facts: KernelFacts,
  caps: readonly string[],
  insns: readonly Insn[],
): Promise<Comparison> {
  const program = { type: ProgType.SOCKET_FILTER, insns: encodeInsns(insns), caps: capabilityMask(caps) };
  const { errno } = await kernel.load(program);
  const log =
    errno === 0 ? '' : (await kernel.load({ ...program, logLevel: 1, logSize: LOG_TAIL_BYTES })).log;
  const ours = judge(insns, facts, { type: ProgType.SOCKET_FILTER, attachType: 0, caps });
  return {
    kernelErrno: errno,
    ourErrno: ours.errno,
    kernelMessage: complaint(log.split('\n')),
    ourMessage: ours.errno === 0 ? '' : complaint(ours.log),
    isUnsupported: ours.isUnsupported,
  };
}

const GENERATORS: readonly ((prng: Prng) => Insn[])[] = [
  (prng) => generateProgram(prng, prng.between(3, 16)),
  (prng) => generatePointerProgram(prng, prng.between(2, 10)),
];

test.each([[[]], [['CAP_BPF']], [['CAP_PERFMON']], [['CAP_BPF', 'CAP_PERFMON']]])(
  'verdicts are the kernel’s: %j',
  async (caps: readonly string[]) => {
    const kernel = await openHostKernel();
    const facts = hostFacts();
    if (typeof kernel === 'string' || !facts) {
      console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
      return;
    }
    try {
      if (!caps.includes('CAP_BPF') && readFileSync(SWITCH, 'utf8').trim() !== '0') {
        console.log(`skipped: ${SWITCH} is not 0`);
        return;
      }
      for (const map of POINTER_MAPS) await kernel.createMap(map);
      const tally = new Tally();
      for (let i = 0; i < differentialCount(100); i++) {
        const prng = new Prng(differentialSeed * 1_000_003 + i);
        const insns = GENERATORS[i % GENERATORS.length](prng);
        for (const program of [insns, mutateProgram(prng, insns)]) {
          tally.add(i, program, await compare(kernel, facts, caps, program));
        }
      }
      const summary = tally.summary(caps.join(', ') || 'no capabilities');
      if (tally.kinds.size) {
        throw new Error(`${summary}\n${await explainTally(tally, (p) => compare(kernel, facts, caps, p))}`);
      }
      process.stdout.write(`${summary}\n`);
    } finally {
      kernel.close();
    }
  },
);
