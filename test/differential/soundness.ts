/**
 * Runs a program that the verifier accepts in the interpreter and holds every register and stack slot at every
 * instruction against what the verifier held possible there: known bits, ranges at both widths, where pointers point.
 */
import { Prng } from '@probed/base';
import { BPF_PSEUDO_LD, disassemble, type Insn, isHelperCall, isLdImm64 } from '@probed/isa';
import type { KernelFacts } from '@probed/spec';
import {
  type AbstractVisit,
  type ConcreteState,
  collectStates,
  misfits,
} from '../../libs/bpf/verifier/testing';
import { EmulatedKernel, MAP_INFOS, mapName, programSpec, TC } from './emulated';
import { HELPER_LOOKUP } from './generate';

/** What became of one program. */
export type Soundness =
  /** Refused, with too many ways to walk them all, or with helpers that need more of a kernel than there is. */
  | { readonly kind: 'skipped' }
  | { readonly kind: 'sound'; readonly steps: number }
  | { readonly kind: 'unsound'; readonly why: string };

const EDGES = [0, 1, 2, 7, 8, 15, 16, 31, 32, 255, 256, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];
/** Steps of a run that are checked; the rest of a long run is not. */
const STEPS_MAX = 4000;
const FP = 10;

/** Maps, random numbers and ring buffers. */
const RUNNABLE_HELPERS: ReadonlySet<number> = new Set([HELPER_LOOKUP, 2, 3, 7, 130, 131, 132, 133]);

class Unsound extends Error {}

/** One kernel for many programs. */
export class SoundnessCheck {
  private readonly kernel: EmulatedKernel;
  private prng = new Prng(1);
  private insns: readonly Insn[] = [];
  private visits: ReadonlyMap<number, readonly AbstractVisit[]> = new Map();
  private framePointers: bigint[] = [];
  private values = new Map<string, Set<bigint>>();
  private lastSlot = -1;
  private lastMap: string | undefined;
  private ctx = 0n;
  private packetBytes = 0;
  private steps = 0;

  constructor(private readonly facts: KernelFacts) {
    this.kernel = new EmulatedKernel(facts, 'interp', {
      observe: (slot, regs, depth) => this.step(slot, regs, depth),
      random: () => this.randomU32(),
    });
  }

  check(insns: readonly Insn[], packet: Uint8Array): Soundness {
    if (insns.some((insn) => isHelperCall(insn) && !RUNNABLE_HELPERS.has(insn.imm)))
      return { kind: 'skipped' };
    const options = { license: 'GPL', logLevel: 0 };
    const visits = collectStates(programSpec(insns, TC), MAP_INFOS, this.facts, options);
    if (!visits) return { kind: 'skipped' };
    this.insns = insns;
    this.visits = visits;
    this.framePointers = [];
    this.values = new Map();
    this.lastSlot = -1;
    this.packetBytes = packet.length;
    this.steps = 0;
    // The same numbers for the same packet, so that a fault can be shown again.
    this.prng = new Prng(packet.reduce((sum, byte) => (sum * 31 + byte) >>> 0, 7));
    try {
      const outcome = this.kernel.run(insns, packet);
      if (typeof outcome === 'string') return { kind: 'skipped' };
      return { kind: 'sound', steps: this.steps };
    } catch (error) {
      // Whatever the interpreter finds wrong of its own is as bad.
      return { kind: 'unsound', why: (error as Error).message };
    }
  }

  /** Numbers about which branches and masks turn, and others. */
  private randomU32(): number {
    return this.prng.below(2) === 0 ? this.prng.pick(EDGES) : this.prng.below(2 ** 32);
  }

  private step(slot: number, regs: BigUint64Array, depth: number): void {
    if (this.steps === 0) this.ctx = regs[1];
    if (++this.steps > STEPS_MAX) return;
    this.framePointers.length = depth;
    this.framePointers[depth] = regs[FP];
    this.noteValues(slot, regs);
    this.lastSlot = slot;
    const visits = this.visits.get(slot) ?? [];
    const at = this.concrete(regs);
    let nearest: string[] | undefined;
    for (const visit of visits) {
      const wrong = misfits(visit, at);
      if (wrong.length === 0) return;
      if (!nearest || wrong.length < nearest.length) nearest = wrong;
    }
    const values = (nearest ?? []).map(
      (name) => `${name}${/^r\d/.test(name) ? `=${regs[Number(name.slice(1))]}` : ''}`,
    );
    const text = disassemble(this.insns)[slot] ?? '';
    throw new Unsound(
      `insn ${slot} (${text.trim()}): none of ${visits.length} states holds ${values.join(', ')}`,
    );
  }

  /** Learns where values of maps lie from look-ups that succeed and from loads of their addresses. */
  private noteValues(slot: number, regs: BigUint64Array): void {
    const last = this.insns[this.lastSlot];
    if (last === undefined) return;
    if (isLdImm64(last) && last.src === BPF_PSEUDO_LD.MAP_VALUE) {
      this.addValue(mapName(last.imm), regs[last.dst] - BigInt(this.insns[this.lastSlot + 1].imm));
    }
    if (isLdImm64(last) && last.src === BPF_PSEUDO_LD.MAP_FD && last.dst === 1)
      this.lastMap = mapName(last.imm);
    const looked = isHelperCall(last) && last.imm === HELPER_LOOKUP;
    if (looked && slot === this.lastSlot + 1 && this.lastMap !== undefined && regs[0] !== 0n) {
      this.addValue(this.lastMap, regs[0]);
    }
  }

  private addValue(map: string, address: bigint): void {
    const known = this.values.get(map) ?? new Set();
    known.add(BigInt.asUintN(64, address));
    this.values.set(map, known);
  }

  private concrete(regs: BigUint64Array): ConcreteState {
    const { view } = this.kernel.memory;
    const offset = (address: bigint) => Number(BigInt.asUintN(32, address));
    const high = this.ctx & ~0xffff_ffffn;
    const data = high | BigInt(view.getUint32(offset(this.ctx) + SKB_DATA, true));
    return {
      regs,
      framePointers: this.framePointers,
      ctx: this.ctx,
      packet: { data, end: data + BigInt(this.packetBytes) },
      values: this.values,
      read: (address) => view.getBigUint64(offset(address), true),
    };
  }
}

const SKB_DATA = 76;
