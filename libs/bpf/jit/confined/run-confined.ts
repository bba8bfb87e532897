import { diagnostic, err, ok, type Result } from '@probed/base';
import { type Insn, MAX_BPF_STACK } from '@probed/isa';
import { KernelMemory } from '@probed/memory';
import {
  BudgetExceeded,
  type ExecutionEnv,
  RAW_BUDGET_DEFAULT,
  type RawOptions,
  type VerifiedProgram,
} from '@probed/spec';
import { JitLimitError } from '../limits';
import { buildModule, IMPORTS, NAME } from '../module';
import { CONFINED, type Confinement, type Window } from './confinement';
import { unverifiedProgram } from './unverified-program';

const MAX_CALL_FRAMES = 8;
const STACK_BYTES = MAX_CALL_FRAMES * MAX_BPF_STACK;
const EINVAL = 22;
const E2BIG = 7;
/** Between stack and memory, so that no offset of an instruction leads from one into the other. */
const GAP_BYTES = 1 << 16;
/** Room for allocator overhead beside memory and stack. */
const SPARE_BYTES = 1 << 20;
const WASM_PAGE_BYTES = 1 << 16;

/** What the run did that confined code must not. */
class ConfinementFault extends Error {}

/**
 * Compiles code that no verifier has seen and runs it, confined to the memory given and a stack of its own: each access
 * is checked, each loop pays for its rounds. The counterpart of the interpreter's `runRaw`.
 * @returns r0, unsigned; a fault or an exhausted budget is a diagnostic, never an exception
 */
export function runConfined(insns: readonly Insn[], options: RawOptions = {}): Result<bigint> {
  const program = unverifiedProgram(insns);
  if (!program.ok) return program;
  try {
    return ok(new ConfinedRun(program.value, options).run());
  } catch (error) {
    if (error instanceof ConfinementFault || error instanceof JitLimitError)
      return err(diagnostic('insn-fault', error.message, { errno: EINVAL }));
    if (error instanceof BudgetExceeded)
      return err(diagnostic('budget-exceeded', error.message, { errno: E2BIG }));
    throw error;
  }
}

type Run = (ctx: number, stackTop: number) => bigint;

class ConfinedRun {
  private readonly memory: KernelMemory;
  private readonly data: Window;
  private readonly stack: Window;
  private readonly resultSlot: number;
  private budget: number;

  constructor(
    private readonly program: VerifiedProgram,
    private readonly options: RawOptions,
  ) {
    const { memory = new Uint8Array(), budget = RAW_BUDGET_DEFAULT } = options;
    this.budget = budget;
    const limit = memory.length + STACK_BYTES + SPARE_BYTES;
    this.memory = new KernelMemory(Math.ceil(limit / WASM_PAGE_BYTES) * WASM_PAGE_BYTES);
    this.resultSlot = this.memory.alloc(8);
    this.stack = { at: this.memory.alloc(STACK_BYTES), bytes: STACK_BYTES };
    this.memory.alloc(GAP_BYTES);
    this.data = { at: this.memory.alloc(Math.max(memory.length, 1)), bytes: memory.length };
  }

  run(): bigint {
    const { memory, data, stack, options } = this;
    const run = this.link();
    if (options.memory) memory.u8.set(options.memory, data.at);
    const r0 = run(data.bytes > 0 ? data.at : 0, stack.at + stack.bytes);
    options.memory?.set(memory.copyOut(data.at, data.bytes));
    return BigInt.asUintN(64, r0);
  }

  private link(): Run {
    const { memory, data, stack } = this;
    const confinement: Confinement = { windows: [stack, data], stack, memoryBytes: data.bytes };
    const env = { memory, resultSlot: this.resultSlot } as ExecutionEnv;
    const { wasm } = buildModule(this.program, env, { confinement });
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { [IMPORTS]: this.imports() });
    const mayGotoLeft = exports[NAME.mayGoto] as WebAssembly.Global<'i32'> | undefined;
    if (mayGotoLeft) mayGotoLeft.value = this.budget;
    return exports[NAME.run] as Run;
  }

  private loadPacket(offset: number, bytes: number): number {
    const { packet } = this.options;
    if (!packet) throw new ConfinementFault('there is no packet (BPF_ABS, BPF_IND)');
    const value = packet(offset, bytes);
    this.memory.view.setBigUint64(this.resultSlot, BigInt(value ?? 0), true);
    return value === undefined ? 0 : 1;
  }

  private imports(): Record<string, WebAssembly.ImportValue> {
    const { helpers } = this.options;
    return {
      [NAME.memory]: this.memory.memory,
      [NAME.charge]: (rounds: number) => {
        this.budget -= rounds;
        if (this.budget < 0) throw new BudgetExceeded();
      },
      [NAME.tailCall]: () => 0,
      [NAME.loadPacket]: (_ctx: number, offset: number, bytes: number) => this.loadPacket(offset, bytes),
      [CONFINED.callHelper]: (id: number, ...args: bigint[]) => {
        const helper = helpers?.get(id);
        if (!helper) throw new ConfinementFault(`call of unknown helper ${id}`);
        const [r1, r2, r3, r4, r5] = args.map((word) => BigInt.asUintN(64, word));
        return BigInt.asIntN(64, helper(r1, r2, r3, r4, r5));
      },
      [CONFINED.outside]: (address: bigint, bytes: number) => {
        const at = BigInt.asUintN(64, address).toString(16);
        throw new ConfinementFault(`access of ${bytes} bytes at 0x${at} is out of bounds`);
      },
      [CONFINED.tooDeep]: () => {
        throw new ConfinementFault(`more than ${MAX_CALL_FRAMES} call frames`);
      },
    };
  }
}
