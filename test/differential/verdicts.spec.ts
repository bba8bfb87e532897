/**
 * Our verifier's verdict against the running kernel's on random programs and on mutations of them.
 * `PROBED_DIFFERENTIAL_COUNT` programs a generator (default 100, less for slow ones), each as it is and mutated, from
 * `PROBED_DIFFERENTIAL_SEED` (default 1). Every kind of disagreement is shown once, cut down to the instructions that
 * matter; `PROBED_DIFFERENTIAL_VERBOSE` lists rejects that differ in words. Without Linux, root and bpf(2) it says so
 * in a line and passes.
 */
import { Prng } from '@probed/base';
import { encodeInsns, type Insn } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import { complaint } from './complaint';
import { judge } from './emulated';
import { generateProgram, mutateProgram } from './generate';
import { generateKfuncProgram } from './generate-kfuncs';
import { generateLinkProgram } from './generate-links';
import { generatePointerProgram, POINTER_MAPS } from './generate-pointers';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';
import { type Comparison, explainTally, Tally } from './tally';

const SCHED_CLS = 3;
/** Enough for the end of a log, where the complaint is. */
const LOG_TAIL_BYTES = 1 << 16;

async function compare(kernel: HostKernel, facts: KernelFacts, insns: readonly Insn[]): Promise<Comparison> {
  const program = { type: SCHED_CLS, insns: encodeInsns(insns) };
  const { errno } = await kernel.load(program);
  const log =
    errno === 0 ? '' : (await kernel.load({ ...program, logLevel: 1, logSize: LOG_TAIL_BYTES })).log;
  const ours = judge(insns, facts);
  return {
    kernelErrno: errno,
    ourErrno: ours.errno,
    kernelMessage: complaint(log.split('\n')),
    ourMessage: ours.errno === 0 ? '' : complaint(ours.log),
    isUnsupported: ours.isUnsupported,
  };
}

type Generate = (prng: Prng, facts: KernelFacts) => Insn[];

/** `usual`: programs when no count is asked for. Loops over iterators may take the verifier's whole million steps. */
const GENERATORS: readonly [name: string, generate: Generate, usual: number][] = [
  ['computing', (prng) => generateProgram(prng, prng.between(3, 16), { packetHelpers: true }), 100],
  ['kernel functions', (prng, facts) => generateKfuncProgram(prng, facts, prng.between(3, 9)), 12],
  ['links', (prng) => generateLinkProgram(prng, prng.between(3, 14)), 100],
  ['pointers', (prng) => generatePointerProgram(prng, prng.between(2, 10)), 100],
];

test.each(GENERATORS)('verdicts are the kernel’s: programs about %s', async (name, generate, usual) => {
  const kernel = await openHostKernel();
  const facts = hostFacts();
  if (typeof kernel === 'string' || !facts) {
    console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
    return;
  }
  try {
    for (const map of POINTER_MAPS) await kernel.createMap(map);
    const tally = new Tally();
    const count = differentialCount(usual);
    for (let i = 0; i < count; i++) {
      const prng = new Prng(differentialSeed * 1_000_003 + i);
      const insns = generate(prng, facts);
      for (const program of [insns, mutateProgram(prng, insns)]) {
        tally.add(i, program, await compare(kernel, facts, program));
      }
    }
    const summary = tally.summary(name);
    if (tally.kinds.size) {
      throw new Error(`${summary}\n${await explainTally(tally, (p) => compare(kernel, facts, p))}`);
    }
    process.stdout.write(`${summary}\n`);
  } finally {
    kernel.close();
  }
});
