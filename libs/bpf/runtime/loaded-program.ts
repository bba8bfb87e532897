import type { VerifiedProgram } from '@probed/spec';
import {
  BudgetExceeded,
  type ExecutableProgram,
  type ExecutionCounters,
  type ExecutionEnv,
  type ProgramSpec,
} from '@probed/spec';
import type { RunStacks } from './run-stacks';
import { TAIL_CALLS_MAX, type TailCalls } from './tail-calls';

/** BPF_MAX_LOOPS (include/linux/bpf.h): iterations of `bpf_loop` and the like that one run may make. */
const BUDGET_ITERATIONS = 8 * 1024 * 1024;

/** Counters of one program, as `bpftool prog show` has them. */
export interface ProgramStats {
  runs: number;
  /** Runs skipped because the program (or one of its kind) was already active on that CPU. */
  recursionMisses: number;
  /** Runs cut short because the iteration budget was used up. */
  budgetExceeded: number;
}

/** A program in the kernel: verified, compiled, immutable, ready to run. */
export class LoadedProgram {
  readonly stats: ProgramStats = { runs: 0, recursionMisses: 0, budgetExceeded: 0 };

  constructor(
    readonly id: number,
    readonly verified: VerifiedProgram,
    /** Module bytes when the program was compiled by the JIT. */
    readonly wasm: Uint8Array | undefined,
    private readonly executable: ExecutableProgram,
    private readonly env: ExecutionEnv,
    private readonly stacks: RunStacks,
    private readonly guard: Uint8Array,
    private readonly tailCalls: TailCalls,
    /** What ran and how often, when the runtime counts it. */
    readonly counters?: ExecutionCounters,
  ) {}

  get spec(): ProgramSpec {
    return this.verified.spec;
  }

  get name(): string {
    return this.verified.spec.name;
  }

  get type(): number {
    return this.verified.spec.type;
  }

  /**
   * Runs once on `cpu` with the context at offset `ctx`.
   * @returns low 32 bits of r0; 0 when the run was skipped (recursion) or cut short (budget), see {@link stats}
   */
  run(cpu: number, ctx: number): number {
    if (this.guard[cpu] !== 0) {
      this.stats.recursionMisses++;
      return 0;
    }
    const stackTop = this.stacks.enter(cpu);
    if (stackTop === 0) {
      this.stats.recursionMisses++;
      return 0;
    }
    const { env, tailCalls } = this;
    const outerBudget = env.budget;
    const outerTailCalls = tailCalls.left;
    env.budget = BUDGET_ITERATIONS;
    tailCalls.left = TAIL_CALLS_MAX;
    this.guard[cpu] = 1;
    this.stats.runs++;
    try {
      return this.executable.run(ctx, stackTop);
    } catch (error) {
      if (!(error instanceof BudgetExceeded)) throw error;
      this.stats.budgetExceeded++;
      return 0;
    } finally {
      env.budget = outerBudget;
      tailCalls.left = outerTailCalls;
      this.guard[cpu] = 0;
      this.stacks.leave(cpu);
    }
  }

  /** Goes on with a run that another program began and left by a tail call: same guard, same count, what is left of its budget. */
  continueRun(ctx: number, stackTop: number, budget: number): number {
    const { env } = this;
    const outerBudget = env.budget;
    env.budget = budget;
    try {
      return this.executable.run(ctx, stackTop);
    } finally {
      env.budget = outerBudget;
    }
  }
}
