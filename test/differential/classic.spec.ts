/**
 * Classic BPF against the running kernel: random filters on a socket pair, what they let through compared with the
 * reference run and with the translation to eBPF, interpreted and compiled. `PROBED_DIFFERENTIAL_COUNT` filters
 * (default 500) from `PROBED_DIFFERENTIAL_SEED`. Without Linux and a C compiler it says so in a line and passes.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Prng, toHex } from '@probed/base';
import { runRaw } from '@probed/interp';
import {
  type ClassicInsn,
  checkClassic,
  classicText,
  convertClassic,
  encodeClassic,
  packetInput,
  runClassic,
} from '@probed/isa';
import { runConfined } from '@probed/jit';
import { classicProgram } from './classic-programs';
import { differentialCount, differentialSeed } from './options';

const SOURCE = join(__dirname, '../../tools/host-bpf/classic-filter.c');
const PACKET_BYTES = 64;
const SK_BUFF_BYTES = 192;

interface Case {
  readonly insns: readonly ClassicInsn[];
  readonly packet: Uint8Array;
}

function makeCases(count: number): Case[] {
  return Array.from({ length: count }, (_, i) => {
    const prng = new Prng(differentialSeed * 1_000_003 + i);
    const packet = Uint8Array.from({ length: PACKET_BYTES }, () => prng.below(256));
    return { insns: classicProgram(prng, 3 + prng.below(25)), packet };
  });
}

/** One line a case, or why there are none. */
function askHost(cases: readonly Case[]): string[] | string {
  if (process.platform !== 'linux') return 'not on Linux';
  const folder = mkdtempSync(join(tmpdir(), 'classic-'));
  try {
    const binary = join(folder, 'classic-filter');
    execFileSync('cc', ['-O2', '-o', binary, SOURCE], { stdio: 'ignore' });
    const input = cases
      .map(({ insns, packet }) => `${toHex(encodeClassic(insns))} ${toHex(packet)}\n`)
      .join('');
    return execFileSync(binary, { input, encoding: 'utf8', maxBuffer: 1 << 28 })
      .trimEnd()
      .split('\n');
  } catch (error) {
    return `no kernel to ask (${(error as Error).message.split('\n')[0]})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a socket makes of a filter's result. */
function letThrough(result: number): string {
  return result === 0 ? 'dropped' : String(Math.min(result, PACKET_BYTES));
}

function ours({ insns, packet }: Case): { readonly [way: string]: string } {
  const checked = checkClassic(insns);
  if (!checked.ok) return { check: `refused ${checked.error.errno}` };
  const input = packetInput(packet);
  const converted = convertClassic(insns);
  if (!converted.ok) throw new Error(converted.error.message);
  const context = new Uint8Array(SK_BUFF_BYTES);
  new DataView(context.buffer).setUint32(0, packet.length, true);
  const raw = {
    memory: context,
    packet: (offset: number, bytes: number) => input.load(offset >>> 0, bytes as 1 | 2 | 4),
  };
  const [interpreted, compiled] = [runRaw(converted.value, raw), runConfined(converted.value, raw)];
  return {
    classic: letThrough(runClassic(insns, input)),
    interpreted: interpreted.ok
      ? letThrough(Number(BigInt.asUintN(32, interpreted.value)))
      : interpreted.error.message,
    compiled: compiled.ok ? letThrough(Number(BigInt.asUintN(32, compiled.value))) : compiled.error.message,
  };
}

test('classic filters do what the kernel makes of them', () => {
  const cases = makeCases(differentialCount(500));
  const host = askHost(cases);
  if (typeof host === 'string') console.log(`not compared with the kernel: ${host}`);
  let accepted = 0;
  cases.forEach((one, i) => {
    const results = ours(one);
    const wanted = typeof host === 'string' ? (results['classic'] ?? results['check']) : host[i];
    if (!wanted.startsWith('refused')) accepted++;
    for (const [way, result] of Object.entries(results)) {
      if (result === wanted) continue;
      const listing = one.insns.map(classicText).join('\n');
      throw new Error(
        `filter ${i}: the kernel says ${wanted}, ${way} ${result}\n${listing}\n${toHex(one.packet)}`,
      );
    }
  });
  expect(accepted).toBeGreaterThan(cases.length / 4);
});
