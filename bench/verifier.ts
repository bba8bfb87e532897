/**
 * What verifying a program costs, against the running kernel's verifier in the same run ("verification time" of its
 * statistics). Without Linux, root, bpf(2) and a C compiler there is nothing to compare with, and no row.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toHex } from '@probed/base';
import { assemble, encodeInsns, type Insn } from '@probed/isa';
import { type KernelImage, kernelFacts } from '@probed/machine';
import { helperByName, type KernelFacts, type ProgramSpec, ProgType } from '@probed/spec';
import { verify } from '@probed/verifier';
import { bestNs, type Figure } from './measure';

const SOURCE = join(__dirname, '../../tools/host-bpf/host-bpf.c');
const LOG_STATS = 4;
const ROUNDS = 5;

/** Ways through `count` branches in a row of which nothing is known. */
function branches(count: number): string {
  const lines = ['call get_prandom_u32', 'r6 = r0', 'r7 = 0'];
  for (let i = 0; i < count; i++) lines.push(`r6 += ${i}`, `if r6 > ${i * 3} goto +1`, `r7 += ${i}`);
  return [...lines, 'r0 = 0', 'exit'].join('\n');
}

/** Programs that need no map and no BTF. */
const PROGRAMS: Readonly<Record<string, string>> = {
  'verify a loop of 100,000 rounds': 'r6 = 0\nagain: r6 += 1\nif r6 < 100000 goto again\nr0 = 0\nexit',
  'verify 14 branches in a row, all ways': branches(14),
  'verify a loop over the stack with a call': `
    r6 = 0
    again: r1 = r6
    r1 &= 63
    r2 = r10
    r2 += -64
    r2 += r1
    *(u8 *)(r2 + 0) = r6
    r1 = r6
    call half
    r6 += 1
    if r6 < 2000 goto again
    r0 = 0
    exit
    half: r0 = r1
    if r1 > 100 goto +1
    r0 >>= 1
    exit`,
};

function assembled(source: string): readonly Insn[] {
  const code = assemble(source, { helperId: (name) => helperByName(name)?.id });
  if (!code.ok) throw new Error(code.error.message);
  return code.value.insns;
}

function ourNs(insns: readonly Insn[], facts: KernelFacts): number {
  const spec: ProgramSpec = {
    name: 'bench',
    section: 'tc',
    type: ProgType.SCHED_CLS,
    expectedAttachType: 0,
    attachTo: '',
    optional: false,
    flags: 0,
    insns,
    refs: new Map(),
    funcInfo: [],
    lineInfo: [],
  };
  return bestNs(1, () => {
    const verdict = verify(spec, new Map(), facts, { license: 'GPL', logLevel: 0 });
    if (!verdict.ok) throw new Error(verdict.error.message);
  });
}

/** The kernel's own figure for each program, or why there is none. */
function kernelNs(programs: readonly (readonly Insn[])[]): readonly number[] | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const binary = join(folder, 'host-bpf');
    execFileSync('cc', ['-O2', '-o', binary, SOURCE], { stdio: 'ignore' });
    const commands = programs.flatMap((insns) => {
      const command = `prog type=${ProgType.SCHED_CLS} log=${LOG_STATS} insns=${toHex(encodeInsns(insns))}\n`;
      return new Array<string>(ROUNDS).fill(command);
    });
    const output = execFileSync(binary, { input: commands.join(''), encoding: 'latin1' });
    const times = [...output.matchAll(/^verification time (\d+) usec/gm)].map(
      ([, usec]) => Number(usec) * 1000,
    );
    if (times.length !== commands.length) return 'bpf(2) does not answer';
    return programs.map((_, i) => Math.min(...times.slice(i * ROUNDS, (i + 1) * ROUNDS)));
  } catch (error) {
    return (error as Error).message.split('\n')[0];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function verifierFigures(image: KernelImage): Figure[] {
  const names = Object.keys(PROGRAMS);
  const programs = names.map((name) => assembled(PROGRAMS[name]));
  const baseline = kernelNs(programs);
  if (typeof baseline === 'string') {
    console.log(`not compared with the kernel's verifier: ${baseline}\n`);
    return [];
  }
  const facts = kernelFacts(image, 1, 'host');
  return names.map((name, i) => ({
    name,
    ns: ourNs(programs[i], facts),
    baseline: "Linux's verifier",
    baselineNs: baseline[i],
  }));
}
