/**
 * Our verifier's log against the running kernel's, line by line, at levels 1 and 2: random programs, as they are and
 * mutated. `PROBED_DIFFERENTIAL_COUNT` programs a generator (default 40) from `PROBED_DIFFERENTIAL_SEED` (default 1).
 * Without Linux, root and bpf(2) it says so in a line and passes.
 */
import { Prng } from '@probed/base';
import { encodeInsns, type Insn } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import { judge, TC } from './emulated';
import { generateProgram, mutateProgram } from './generate';
import { generateKfuncProgram } from './generate-kfuncs';
import { generateLinkProgram } from './generate-links';
import { generatePointerProgram, POINTER_MAPS } from './generate-pointers';
import { hostFacts } from './host-facts';
import { openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';

/** The kernel cuts a log that is too long somewhere near its limit. */
const LOG_CUT_BYTES = 4096;
const LOG_STATS = 4;
/** Some of these programs are as long as the kernel lets them be. */
const TIMEOUT_MS = 300_000;
/** Flags by turns: a state kept at every pruning point shows more of pruning; contradictory ranges refuse the program. */
const BPF_F_TEST_STATE_FREQ = 1 << 3;
const BPF_F_TEST_REG_INVARIANTS = 1 << 7;
const FLAGS = [0, BPF_F_TEST_STATE_FREQ, BPF_F_TEST_REG_INVARIANTS];
/** Logs of programs that run into the limits fill gigabytes and say little. */
const LOG_BYTES_MAX = 1 << 20;

/** What differs from kernel to kernel: the address of a map (not how long it is), the time it took. */
function comparable(lines: readonly string[]): string[] {
  return lines
    .filter((line) => !/^verification time /.test(line))
    .map((line) => line.replace(/(\(18\) r\d+ = )0xffff[0-9a-f]{12}\b/, '$1…'));
}

function firstDifference(kernel: readonly string[], ours: readonly string[]): string | undefined {
  const at = kernel.findIndex((line, i) => line !== ours[i]);
  if (at < 0 && kernel.length === ours.length) return undefined;
  const line = at < 0 ? kernel.length : at;
  return [
    ...kernel.slice(Math.max(0, line - 4), line),
    `kernel: ${kernel[line]}`,
    `ours:   ${ours[line]}`,
  ].join('\n');
}

const GENERATORS: readonly [name: string, generate: (prng: Prng, facts: KernelFacts) => Insn[]][] = [
  ['computing', (prng) => generateProgram(prng, prng.between(3, 12), { packetHelpers: true })],
  ['kernel functions', (prng, facts) => generateKfuncProgram(prng, facts, prng.between(3, 8))],
  ['links', (prng) => generateLinkProgram(prng, prng.between(3, 14))],
  ['pointers', (prng) => generatePointerProgram(prng, prng.between(2, 8))],
];

test.each(GENERATORS)(
  'logs are the kernel’s: programs about %s',
  async (name, generate) => {
    const kernel = await openHostKernel();
    const facts = hostFacts();
    if (typeof kernel === 'string' || !facts) {
      console.log(`skipped: ${typeof kernel === 'string' ? kernel : 'no BTF at /sys/kernel/btf/vmlinux'}`);
      return;
    }
    try {
      for (const [index, map] of POINTER_MAPS.entries())
        await kernel.createMap({ ...map, name: `m${index}` });
      const count = differentialCount(40);
      const wrong: string[] = [];
      let compared = 0;
      for (let i = 0; i < count; i++) {
        const prng = new Prng(differentialSeed * 1_000_003 + i);
        const insns = generate(prng, facts);
        for (const program of [insns, mutateProgram(prng, insns)]) {
          const logLevel = 1 + (i & 1) + LOG_STATS;
          const flags = FLAGS[i % FLAGS.length];
          const options = {
            type: TC.type,
            insns: encodeInsns(program),
            logLevel,
            flags,
            logSize: LOG_BYTES_MAX,
          };
          const { log } = await kernel.load(options);
          if (log.length >= LOG_BYTES_MAX - LOG_CUT_BYTES) continue;
          compared++;
          const ours = judge(program, facts, { ...TC, flags }, logLevel).log;
          const difference = firstDifference(comparable(log.trimEnd().split('\n')), comparable(ours));
          if (difference) wrong.push(`program ${i}, level ${logLevel}\n${difference}`);
        }
      }
      const summary = `logs, ${name}: ${compared} compared, ${wrong.length} differ`;
      if (wrong.length) throw new Error([summary, ...wrong.slice(0, 20)].join('\n\n'));
      process.stdout.write(`${summary}\n`);
    } finally {
      kernel.close();
    }
  },
  TIMEOUT_MS,
);
