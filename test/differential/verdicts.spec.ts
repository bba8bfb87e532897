/**
 * Our verifier's verdict against the running kernel's on random programs and on mutations of them.
 * `PROBED_DIFFERENTIAL_COUNT` programs (default 400), each as it is and mutated, from `PROBED_DIFFERENTIAL_SEED`
 * (default 1). Every kind of disagreement is shown once, cut down to the instructions that matter. Without Linux, root
 * and bpf(2) it says so in a line and passes.
 */
import { Prng } from '@probed/base';
import { disassemble, encodeInsns, type Insn } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import { complaint } from './complaint';
import { judge } from './emulated';
import { GENERATED_MAPS, generateProgram, mutateProgram } from './generate';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';
import { minimise } from './minimise';
import { differentialCount, differentialSeed } from './options';

const SCHED_CLS = 3;
/** Kinds of disagreement that are minimised and shown. */
const KINDS_SHOWN = 20;
/** Enough for the end of a log, where the complaint is. */
const LOG_TAIL_BYTES = 1 << 16;

interface Comparison {
  readonly kernelErrno: number;
  readonly ourErrno: number;
  /** The complaint, as printed; empty for an accepted program. */
  readonly kernelMessage: string;
  readonly ourMessage: string;
  /** The same for all disagreements of one cause. */
  readonly kind: string;
}

async function compare(kernel: HostKernel, facts: KernelFacts, insns: readonly Insn[]): Promise<Comparison> {
  const program = { type: SCHED_CLS, insns: encodeInsns(insns) };
  const { errno } = await kernel.load(program);
  const log =
    errno === 0 ? '' : (await kernel.load({ ...program, logLevel: 1, logSize: LOG_TAIL_BYTES })).log;
  const kernelMessage = complaint(log.split('\n'));
  const ours = judge(insns, facts);
  const ourMessage = ours.errno === 0 ? '' : complaint(ours.log);
  const kind = `kernel ${errno}: ${kernelMessage} / ours ${ours.errno}: ${ourMessage}`.replace(/\d+/g, 'N');
  return { kernelErrno: errno, ourErrno: ours.errno, kernelMessage, ourMessage, kind };
}

const differs = (c: Comparison) => (c.kernelErrno === 0) !== (c.ourErrno === 0);

/** What a run found. */
class Tally {
  programs = 0;
  rejects = 0;
  sameMessage = 0;
  readonly kinds = new Map<string, { count: number; insns: readonly Insn[]; index: number }>();

  add(index: number, insns: readonly Insn[], comparison: Comparison): void {
    this.programs++;
    if (differs(comparison)) {
      const kind = this.kinds.get(comparison.kind) ?? { count: 0, insns, index };
      kind.count++;
      this.kinds.set(comparison.kind, kind);
    } else if (comparison.kernelErrno !== 0) {
      this.rejects++;
      if (comparison.kernelMessage === comparison.ourMessage) this.sameMessage++;
    }
  }

  summary(): string {
    const disagreeing = [...this.kinds.values()].reduce((sum, kind) => sum + kind.count, 0);
    const agreement = ((100 * (this.programs - disagreeing)) / this.programs).toFixed(2);
    const messages = ((100 * this.sameMessage) / Math.max(1, this.rejects)).toFixed(1);
    return `verdicts: ${this.programs} programs, agreement ${agreement} %, message equal in ${messages} % of ${this.rejects} rejects`;
  }
}

async function explain(kernel: HostKernel, facts: KernelFacts, tally: Tally): Promise<string> {
  const kinds = [...tally.kinds].sort((a, b) => b[1].count - a[1].count);
  const parts = [tally.summary()];
  for (const [kind, { count, insns, index }] of kinds.slice(0, KINDS_SHOWN)) {
    const shows = async (p: readonly Insn[]) => (await compare(kernel, facts, p)).kind === kind;
    const small = await minimise(insns, shows);
    parts.push(`\n${count} × ${kind} (first: program ${index})`, ...disassemble(small));
  }
  return parts.join('\n');
}

test('verdicts are the kernel’s', async () => {
  const kernel = await openHostKernel();
  const facts = hostFacts();
  if (typeof kernel === 'string' || !facts) {
    console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
    return;
  }
  try {
    for (const map of GENERATED_MAPS) await kernel.createMap(map);
    const tally = new Tally();
    const count = differentialCount(400);
    for (let i = 0; i < count; i++) {
      const prng = new Prng(differentialSeed * 1_000_003 + i);
      const insns = generateProgram(prng, prng.between(3, 16), { packetHelpers: true });
      for (const program of [insns, mutateProgram(prng, insns)]) {
        tally.add(i, program, await compare(kernel, facts, program));
      }
    }
    if (tally.kinds.size) throw new Error(await explain(kernel, facts, tally));
    process.stdout.write(`${tally.summary()}\n`);
  } finally {
    kernel.close();
  }
});
