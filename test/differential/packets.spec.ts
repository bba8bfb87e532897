/**
 * What random programs make of packets: interpreter = JIT = the running kernel (`BPF_PROG_TEST_RUN`): verdict, errno, r0,
 * packet, maps, over eight program types. `PROBED_DIFFERENTIAL_COUNT` programs (default 200) from
 * `PROBED_DIFFERENTIAL_SEED` (default 1). Without Linux, root and bpf(2) the kernel's part says so in a line and passes.
 */

import { loadKernelImage } from '@probed/assets';
import { Prng, toHex } from '@probed/base';
import { disassemble, encodeInsns, type Insn } from '@probed/isa';
import { readCase } from '../../apps/cli/src/batch/batch-case';
import { type CaseOutcome, CaseRunner } from '../../apps/cli/src/batch/case-runner';
import { mapText } from './emulated';
import { type HostKernel, openHostKernel } from './host-kernel';
import { differentialCount, differentialSeed } from './options';
import {
  generatePacket,
  generatePacketProgram,
  PACKET_KINDS,
  PACKET_MAPS,
  type PacketKind,
} from './packet-programs';

const COUNT = differentialCount(200);
const image = loadKernelImage();
const MAP_INDEXES = PACKET_MAPS.map((_, index) => index);

interface Case {
  readonly kind: PacketKind;
  readonly insns: Insn[];
  readonly packet: Uint8Array;
  /** BPF_F_TEST_SKB_CHECKSUM_COMPLETE. */
  readonly flags: number;
}

function makeCase(index: number): Case {
  const prng = new Prng(differentialSeed * 1_000_003 + index);
  const kind = prng.pick(PACKET_KINDS);
  const insns = generatePacketProgram(prng, kind, prng.between(2, 12));
  const flags = kind.name.startsWith('sched') && prng.float() < 0.15 ? 4 : 0;
  return { kind, insns, packet: generatePacket(prng), flags };
}

/** What both tell of a case. */
interface Told {
  readonly errno: number;
  readonly runErrno?: number;
  readonly retval?: number;
  readonly packet?: string;
  readonly maps?: readonly string[];
}

function told({ verdict, errno, run_errno, retval, data_out, maps }: CaseOutcome): Told {
  if (verdict === 'reject') return { errno };
  if (run_errno !== 0) return { errno, runErrno: run_errno };
  return { errno, runErrno: 0, retval, packet: data_out, maps: maps?.map(mapText) };
}

function document({ kind, insns, packet, flags }: Case) {
  return {
    type: kind.type,
    insns: toHex(encodeInsns(insns)),
    maps: PACKET_MAPS.map(({ type, keySize, valueSize, maxEntries }) => ({
      type,
      key: keySize,
      value: valueSize,
      max: maxEntries,
    })),
    data: toHex(packet),
    test_flags: flags,
    dump: true,
  };
}

/** Both engines, whose answers must not differ. */
class Ours {
  private readonly jit = new CaseRunner(image, 'jit', 1);
  private readonly interpreter = new CaseRunner(image, 'interp', 1);

  run(one: Case): Told {
    const ready = readCase(document(one), image.btf);
    const { outcome, verified } = this.jit.run(ready, 0);
    expect(this.interpreter.run(ready, 0, verified).outcome).toEqual(outcome);
    return told(outcome);
  }
}

async function onHost(kernel: HostKernel, { kind, insns, packet, flags }: Case): Promise<Told> {
  await kernel.clear(MAP_INDEXES);
  const verdict = await kernel.load({
    type: kind.type,
    insns: encodeInsns(insns),
    data: packet,
    runFlags: flags,
    dump: MAP_INDEXES,
  });
  const { errno, runErrno, retval, data } = verdict;
  if (errno !== 0) return { errno };
  if (runErrno !== 0) return { errno, runErrno };
  const maps = MAP_INDEXES.map((index) => mapText(verdict.maps.get(index) ?? []));
  return { errno, runErrno, retval, packet: toHex(data ?? new Uint8Array()), maps };
}

function checked(index: number, { kind, insns, packet }: Case, check: () => void): void {
  try {
    check();
  } catch (error) {
    const program = disassemble(insns).join('\n');
    const message = (error as Error).message;
    throw new Error(`program ${index}, ${kind.name}, packet ${toHex(packet)}\n${program}\n${message}`);
  }
}

test('interpreter and JIT do the same to packets', () => {
  const ours = new Ours();
  let ran = 0;
  for (let i = 0; i < COUNT; i++) {
    const one = makeCase(i);
    checked(i, one, () => {
      if (ours.run(one).runErrno === 0) ran++;
    });
  }
  // The generator makes lawful programs: a test of refusals alone would prove nothing.
  expect(ran).toBeGreaterThan(COUNT / 2);
});

test('they do what the kernel does', async () => {
  const kernel = await openHostKernel();
  if (typeof kernel === 'string') {
    console.log(`skipped: ${kernel}`);
    return;
  }
  try {
    for (const map of PACKET_MAPS) await kernel.createMap(map);
    const ours = new Ours();
    for (let i = 0; i < COUNT; i++) {
      const one = makeCase(i);
      const theirs = await onHost(kernel, one);
      checked(i, one, () => expect(ours.run(one)).toEqual(theirs));
    }
  } finally {
    kernel.close();
  }
});
