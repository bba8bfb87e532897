import { assert, lo32 } from '@probed/base';
import {
  BPF_PSEUDO_LD,
  BPF_REG_FP,
  type Insn,
  insnSlots,
  isHelperCall,
  isKfuncCall,
  ldImm64Value,
  type MemBytes,
  subprogTarget,
} from '@probed/isa';
import { addressOf, DIRECT_MAP_HI, RESERVED_BYTES } from '@probed/memory';
import type { ExecutableProgram, ExecutionCounters, ExecutionEnv, VerifiedProgram } from '@probed/spec';
import { DecodedProgram, Execution, type Machine, type StepObserver, TAIL_CALL } from './execution';
import { ExecutionFault, MemoryFault } from './faults';
import { callLinked, type LinkedCall, linkHelper, linkKfunc } from './helper-call';
import { readUint, writeUint } from './words';

export interface InterpreterOptions {
  /** Sees every instruction of the program and its callbacks before it runs. */
  readonly observe?: StepObserver;
  /** Counts every instruction and every jump taken. */
  readonly counters?: ExecutionCounters;
}

/** BPF_MAX_LOOPS (include/linux/bpf.h): what `may_goto` allows a run. */
const MAY_GOTO_ITERATIONS = 8 * 1024 * 1024;
/** High half of a callback's "address": in no mapped range, and not NULL. */
const CALLBACK_HI = 0xffff_fffen << 32n;
const DIRECT_MAP_BITS = BigInt(DIRECT_MAP_HI) << 32n;

/**
 * Links a verified program with its environment, whose maps and memory must exist already. It runs what the JIT runs
 * and checks on the way what the verifier claimed of it: reachability, bounds of direct accesses, decided branches.
 *
 * @throws ExecutionFault from `run` when the program does what its facts exclude: an invariant of ours is broken
 */
export function createInterpreter(
  program: VerifiedProgram,
  env: ExecutionEnv,
  options: InterpreterOptions = {},
): ExecutableProgram {
  const machine = new KernelMachine(program, env, options);
  const decoded = new DecodedProgram(program.insns);
  return { run: (ctx, stackTop) => machine.run(decoded, ctx, stackTop) };
}

const word = (value: number) => BigInt.asUintN(64, BigInt(value));

class KernelMachine implements Machine {
  private readonly calls = new Map<number, LinkedCall>();
  private readonly immediates = new Map<number, bigint>();
  private mayGotoLeft = 0;
  readonly observe: StepObserver;
  private readonly counters: ExecutionCounters | undefined;

  constructor(
    private readonly program: VerifiedProgram,
    private readonly env: ExecutionEnv,
    { observe, counters }: InterpreterOptions,
  ) {
    const { insns, facts } = program;
    for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
      if (!facts[slot].reachable) continue;
      if (isHelperCall(insns[slot]) && insns[slot].imm !== TAIL_CALL)
        this.calls.set(slot, linkHelper(program, env, slot));
      if (isKfuncCall(insns[slot])) this.calls.set(slot, linkKfunc(program, env, slot));
      if (insnSlots(insns[slot]) === 2)
        this.immediates.set(slot, this.resolve(insns[slot], insns[slot + 1], slot));
    }
    this.observe = (slot, registers, depth) => {
      if (!facts[slot].reachable) throw new ExecutionFault(slot, 'reached, but verified as unreachable');
      if (counters) counters.executed[slot]++;
      observe?.(slot, registers, depth);
    };
    counters?.counted.fill(1);
    this.counters = counters;
  }

  run(decoded: DecodedProgram, ctx: number, stackTop: number): number {
    const execution = new Execution(decoded, this, 0, word(addressOf(stackTop)));
    execution.regs[1] = word(addressOf(ctx));
    const outer = this.mayGotoLeft;
    this.mayGotoLeft = MAY_GOTO_ITERATIONS;
    try {
      return Number(BigInt.asUintN(32, execution.run(0)));
    } finally {
      this.mayGotoLeft = outer;
    }
  }

  load(address: bigint, bytes: MemBytes, slot: number): bigint {
    const { access } = this.program.facts[slot];
    const at = this.locate(address, bytes);
    if (at < 0) {
      if (access === 'probe') return 0n;
      throw new MemoryFault(slot, address, bytes);
    }
    const value = readUint(this.env.memory.view, at, bytes);
    return access === 'ctx-ptr' && value !== 0n ? DIRECT_MAP_BITS | value : value;
  }

  store(address: bigint, bytes: MemBytes, value: bigint, slot: number): void {
    const at = this.locate(address, bytes);
    if (at < 0) throw new MemoryFault(slot, address, bytes);
    writeUint(this.env.memory.view, at, bytes, value);
  }

  immediate(_insn: Insn, _high: Insn | undefined, slot: number): bigint {
    return this.immediates.get(slot)!;
  }

  callHelper(id: number, slot: number, caller: Execution): bigint {
    const call = this.calls.get(slot);
    if (!call) throw new ExecutionFault(slot, `call of helper ${id} through a register`);
    return callLinked(call, this.env, caller);
  }

  callKfunc(slot: number, caller: Execution): bigint {
    return callLinked(this.calls.get(slot)!, this.env, caller);
  }

  tailCall({ regs }: Execution): bigint | undefined {
    const { env } = this;
    const [ctx, map, index, fp] = [regs[1], regs[2], regs[3], regs[BPF_REG_FP]].map((word) =>
      Number(BigInt.asUintN(32, word)),
    );
    return env.tailCall(ctx, map, index, fp) ? env.memory.view.getBigUint64(env.resultSlot, true) : undefined;
  }

  loadPacket({ regs }: Execution, offset: number, bytes: number): bigint | undefined {
    const { env } = this;
    const ctx = Number(BigInt.asUintN(32, regs[6]));
    return env.loadPacket(ctx, offset, bytes)
      ? env.memory.view.getBigUint64(env.resultSlot, true)
      : undefined;
  }

  branched(slot: number, taken: boolean): void {
    const { branch } = this.program.facts[slot];
    if (taken && this.counters) this.counters.taken[slot]++;
    if (branch && (branch === 'always') !== taken)
      throw new ExecutionFault(
        slot,
        `jump ${taken ? 'taken' : 'not taken'}, but verified as ${branch} taken`,
      );
  }

  /** The verifier has bounded every loop but those of `may_goto`. */
  backEdge(): void {}

  mayGoOn(): boolean {
    if (this.mayGotoLeft === 0) return false;
    this.mayGotoLeft--;
    return true;
  }

  /** Offset of bytes in linear memory, -1 when they are not all in its usable part. */
  private locate(address: bigint, bytes: number): number {
    if (address >> 32n !== BigInt(DIRECT_MAP_HI)) return -1;
    const at = Number(BigInt.asUintN(32, address));
    return at >= RESERVED_BYTES && at + bytes <= this.env.memory.sizeBytes ? at : -1;
  }

  /** The value of a 64-bit immediate load once all that it names has an address. */
  private resolve(insn: Insn, high: Insn, slot: number): bigint {
    const { env } = this;
    if (insn.src === BPF_PSEUDO_LD.FUNC) return CALLBACK_HI | BigInt(subprogTarget(insn, slot)!);
    const ref = this.program.spec.refs.get(slot);
    if (!ref) {
      assert(insn.src === BPF_PSEUDO_LD.NONE, `64-bit load at ${slot} names nothing that was linked`);
      return ldImm64Value(insn, high);
    }
    if (ref.kind === 'map') return word(addressOf(env.mapObject(ref.map)));
    if (ref.kind === 'map-value') return word(addressOf(env.mapValues(ref.map) + lo32(high.imm)));
    return word(env.ksym(ref.name));
  }
}
