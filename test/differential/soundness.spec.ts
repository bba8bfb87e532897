/**
 * An accepted program does only what the verifier holds possible: random programs in the interpreter, every value at
 * every instruction against the verifier's states. `PROBED_DIFFERENTIAL_COUNT` programs a generator (default 25) from
 * `PROBED_DIFFERENTIAL_SEED` (default 1), each as it is and mutated; what is wrong is cut down to what shows it. Needs
 * no kernel.
 */
import { loadKernelImage } from '@probed/assets';
import { Prng } from '@probed/base';
import { disassemble, type Insn } from '@probed/isa';
import { kernelFacts } from '@probed/machine';
import { generateProgram, mutateProgram } from './generate';
import { generateLinkProgram } from './generate-links';
import { generatePointerProgram } from './generate-pointers';
import { minimise } from './minimise';
import { differentialCount, differentialSeed } from './options';
import { SoundnessCheck } from './soundness';

const TIMEOUT_MS = 300_000;
/** Packets a program is run on. */
const PACKETS = 4;

const GENERATORS: readonly [name: string, generate: (prng: Prng) => Insn[]][] = [
  ['computing', (prng) => generateProgram(prng, prng.between(3, 12))],
  ['links', (prng) => generateLinkProgram(prng, prng.between(3, 14), { endless: false })],
  ['pointers', (prng) => generatePointerProgram(prng, prng.between(2, 8))],
];

function packetOf(prng: Prng): Uint8Array {
  return Uint8Array.from({ length: prng.between(15, 90) }, () => prng.below(256));
}

test.each(GENERATORS)(
  'runs stay within the verifier’s states: programs about %s',
  async (name, generate) => {
    const check = new SoundnessCheck(kernelFacts(loadKernelImage(), 1));
    const tally = { sound: 0, skipped: 0, steps: 0 };
    for (let i = 0; i < differentialCount(25); i++) {
      const prng = new Prng(differentialSeed * 1_000_003 + i);
      const insns = generate(prng);
      for (const program of [insns, mutateProgram(prng, insns)]) {
        for (let round = 0; round < PACKETS; round++) {
          const packet = packetOf(prng);
          const verdict = check.check(program, packet);
          if (verdict.kind === 'unsound') {
            const small = await minimise(program, async (p) => check.check(p, packet).kind === 'unsound');
            const after = check.check(small, packet);
            const why = after.kind === 'unsound' ? after.why : verdict.why;
            throw new Error([`program ${i}: ${why}`, ...disassemble(small)].join('\n'));
          }
          tally[verdict.kind]++;
          if (verdict.kind === 'skipped') break;
          tally.steps += verdict.steps;
        }
      }
    }
    expect(tally.sound).toBeGreaterThan(0);
    process.stdout.write(
      `soundness, ${name}: ${tally.sound} runs, ${tally.steps} instructions, ${tally.skipped} programs skipped\n`,
    );
  },
  TIMEOUT_MS,
);
