/**
 * What random programs compute: interpreter = JIT = the running kernel (`BPF_PROG_TEST_RUN` of sched_cls): r0, packet,
 * maps. `PROBED_DIFFERENTIAL_COUNT` programs (default 100) from `PROBED_DIFFERENTIAL_SEED` (default 1). Without Linux,
 * root and bpf(2) the kernel's part says so in a line and passes.
 */
import { Prng, toHex } from '@probed/base';
import { disassemble, encodeInsns, type Insn } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import { EmulatedKernel, mapText, type Outcome } from './emulated';
import { GENERATED_MAPS, generateProgram } from './generate';
import { hostFacts } from './host-facts';
import { type HostKernel, openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';

const SCHED_CLS = 3;
const COUNT = differentialCount(100);
const MAPS = GENERATED_MAPS.map((_, index) => index);

interface Case {
  readonly insns: Insn[];
  readonly packet: Uint8Array;
}

function makeCase(index: number): Case {
  const prng = new Prng(differentialSeed * 1_000_003 + index);
  const insns = generateProgram(prng, prng.between(4, 24));
  // The kernel wants a whole Ethernet header.
  const packet = Uint8Array.from({ length: prng.between(15, 90) }, () => prng.below(256));
  return { insns, packet };
}

function mustEqual(index: number, { insns }: Case, ours: Outcome | string, theirs: Outcome | string): void {
  try {
    expect(ours).toEqual(theirs);
  } catch (error) {
    throw new Error(`program ${index}\n${disassemble(insns).join('\n')}\n${(error as Error).message}`);
  }
}

async function onHost(kernel: HostKernel, { insns, packet }: Case): Promise<Outcome | string> {
  await kernel.clear(MAPS);
  const program = { type: SCHED_CLS, insns: encodeInsns(insns), data: packet, dump: MAPS };
  const verdict = await kernel.load(program);
  if (verdict.errno !== 0) return (await kernel.load({ ...program, logLevel: 1 })).log;
  if (verdict.runErrno !== 0) return `run failed with errno ${verdict.runErrno}`;
  return {
    retval: verdict.retval ?? 0,
    data: toHex(verdict.data ?? new Uint8Array()),
    maps: MAPS.map((index) => mapText(verdict.maps.get(index) ?? [])),
  };
}

async function withFacts(run: (facts: KernelFacts) => void | Promise<void>): Promise<void> {
  const facts = hostFacts();
  if (facts) await run(facts);
  else console.log('skipped: no BTF at /sys/kernel/btf/vmlinux');
}

test('interpreter and JIT compute the same', () =>
  withFacts((facts) => {
    const interp = new EmulatedKernel(facts, 'interp');
    const jit = new EmulatedKernel(facts, 'jit');
    for (let i = 0; i < COUNT; i++) {
      const one = makeCase(i);
      mustEqual(i, one, jit.run(one.insns, one.packet), interp.run(one.insns, one.packet));
    }
  }));

test('the interpreter computes what the kernel computes', () =>
  withFacts(async (facts) => {
    const kernel = await openHostKernel();
    if (typeof kernel === 'string') {
      console.log(`skipped: ${kernel}`);
      return;
    }
    try {
      for (const map of GENERATED_MAPS) await kernel.createMap(map);
      const interp = new EmulatedKernel(facts, 'interp');
      for (let i = 0; i < COUNT; i++) {
        const one = makeCase(i);
        mustEqual(i, one, interp.run(one.insns, one.packet), await onHost(kernel, one));
      }
    } finally {
      kernel.close();
    }
  }));
