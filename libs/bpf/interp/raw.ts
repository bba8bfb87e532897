import { diagnostic, err, ok, type Result } from '@probed/base';
import { BPF_PSEUDO_LD, type Insn, ldImm64Value, MAX_BPF_STACK, type MemBytes } from '@probed/isa';
import { BudgetExceeded, RAW_BUDGET_DEFAULT, type RawHelper, type RawOptions } from '@probed/spec';
import { DecodedProgram, Execution, MAX_CALL_FRAMES, type Machine, type StepObserver } from './execution';
import { ExecutionFault, MemoryFault } from './faults';
import { readUint, writeUint } from './words';

interface ObservedRawOptions extends RawOptions {
  readonly observe?: StepObserver;
}

/** Address of the caller's memory. */
export const RAW_MEMORY_BASE = 0x1000_0000n;
/** Address of the lowest byte of the stack; far from memory, so that no offset leads from one into the other. */
const STACK_BASE = 0x7fff_0000_0000n;
const STACK_BYTES = MAX_CALL_FRAMES * MAX_BPF_STACK;

/**
 * Runs code that no verifier has seen, confined to the memory given and a stack of its own, as the ISA's conformance
 * suite wants it. @returns r0, unsigned; a fault or an exhausted budget is a diagnostic, never an exception
 */
export function runRaw(insns: readonly Insn[], options: ObservedRawOptions = {}): Result<bigint> {
  const machine = new ConfinedMachine(options);
  const stackTop = STACK_BASE + BigInt(STACK_BYTES);
  const execution = new Execution(new DecodedProgram(insns), machine, 0, stackTop);
  const { memory } = options;
  if (memory?.length) {
    execution.regs[1] = RAW_MEMORY_BASE;
    execution.regs[2] = BigInt(memory.length);
  }
  try {
    return ok(execution.run(0));
  } catch (error) {
    if (error instanceof ExecutionFault) return err(diagnostic('insn-fault', error.message, { errno: 22 }));
    if (error instanceof BudgetExceeded)
      return err(diagnostic('budget-exceeded', error.message, { errno: 7 }));
    throw error;
  }
}

/** A stretch of addresses that code may touch. */
interface Region {
  readonly base: bigint;
  readonly view: DataView;
}

class ConfinedMachine implements Machine {
  private readonly regions: readonly Region[];
  private budget: number;
  private mayGotoLeft: number;
  private readonly helpers: ReadonlyMap<number, RawHelper>;
  readonly observe?: StepObserver;
  readonly loadPacket?: Machine['loadPacket'];

  constructor(options: ObservedRawOptions) {
    const memory = options.memory ?? new Uint8Array();
    const stack = new DataView(new ArrayBuffer(STACK_BYTES));
    this.regions = [
      { base: STACK_BASE, view: stack },
      { base: RAW_MEMORY_BASE, view: new DataView(memory.buffer, memory.byteOffset, memory.byteLength) },
    ];
    this.budget = options.budget ?? RAW_BUDGET_DEFAULT;
    this.mayGotoLeft = this.budget;
    this.helpers = options.helpers ?? new Map();
    this.observe = options.observe;
    const { packet } = options;
    if (packet)
      this.loadPacket = (_caller, offset, bytes) => {
        const value = packet(offset, bytes);
        return value === undefined ? undefined : BigInt(value);
      };
  }

  load(address: bigint, bytes: MemBytes, slot: number): bigint {
    const { view, at } = this.locate(address, bytes, slot);
    return readUint(view, at, bytes);
  }

  store(address: bigint, bytes: MemBytes, value: bigint, slot: number): void {
    const { view, at } = this.locate(address, bytes, slot);
    writeUint(view, at, bytes, value);
  }

  immediate(insn: Insn, high: Insn | undefined, slot: number): bigint {
    if (!high) throw new ExecutionFault(slot, '64-bit load without its second slot');
    if (insn.src !== BPF_PSEUDO_LD.NONE)
      throw new ExecutionFault(slot, `64-bit load of kind ${insn.src} names something that is not there`);
    return ldImm64Value(insn, high);
  }

  callHelper(id: number, slot: number, { regs }: Execution): bigint {
    const helper = this.helpers.get(id);
    if (!helper) throw new ExecutionFault(slot, `call of unknown helper ${id}`);
    return helper(regs[1], regs[2], regs[3], regs[4], regs[5]);
  }

  backEdge(): void {
    if (--this.budget < 0) throw new BudgetExceeded();
  }

  mayGoOn(): boolean {
    return this.mayGotoLeft-- > 0;
  }

  private locate(address: bigint, bytes: number, slot: number): { view: DataView; at: number } {
    for (const { base, view } of this.regions) {
      const at = address - base;
      if (at >= 0n && at + BigInt(bytes) <= BigInt(view.byteLength)) return { view, at: Number(at) };
    }
    throw new MemoryFault(slot, address, bytes);
  }
}
