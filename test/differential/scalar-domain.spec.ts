/**
 * The scalar domain against the running kernel: random arithmetic and comparisons, every abstract value of the
 * kernel's level-2 log compared with ours. `PROBED_DIFFERENTIAL_COUNT` programs (default 200) from
 * `PROBED_DIFFERENTIAL_SEED` (default 1). Without Linux, root and bpf(2) it says so in a line and passes.
 */
import { Prng } from '@probed/base';
import { disassembleInsn, encodeInsns, type Insn } from '@probed/isa';
import { openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';
import { scalarProgram } from './scalar-programs';
import { type Difference, replayScalars } from './scalar-replay';

const SOCKET_FILTER = 1;
const ARRAY = 2;

test('abstract values are the kernel’s', async () => {
  const kernel = await openHostKernel();
  if (typeof kernel === 'string') {
    console.log(`skipped: ${kernel}`);
    return;
  }
  try {
    await kernel.createMap({ type: ARRAY, keySize: 4, valueSize: 64, maxEntries: 1 });
    const count = differentialCount(200);
    for (let i = 0; i < count; i++) {
      const insns = scalarProgram(new Prng(differentialSeed * 1_000_003 + i), 30);
      const verdict = await kernel.load({ type: SOCKET_FILTER, insns: encodeInsns(insns), logLevel: 2 });
      expect(verdict.log.slice(-200)).toContain('processed');
      expect(verdict.errno).toBe(0);
      const difference = replayScalars(insns, verdict.log);
      if (difference) throw new Error(describe(i, difference, insns));
    }
  } finally {
    kernel.close();
  }
});

function describe(i: number, d: Difference, insns: readonly Insn[]): string {
  return [
    `program ${i}, instruction ${d.at}: ${d.what}`,
    `  insn:   ${disassembleInsn(insns, d.at)}`,
    `  before: ${d.before}`,
    `  kernel: ${d.kernel}`,
    `  ours:   ${d.ours}`,
  ].join('\n');
}
