import { isHelperCall, jumpTarget } from '@probed/isa';
import { type KernelProfile, kernelFacts } from '@probed/machine';
import { type Engine, mapInfoOf } from '@probed/runtime';
import { checkMapAttr, helperByName } from '@probed/spec';
import { verify } from '@probed/verifier';
import { failUsage } from '../errors';
import { chosenKernel, judgedKernel, type KernelChoice } from '../input/kernel-option';
import { type BatchCase, readCase } from './batch-case';
import { CaseError } from './case-fields';
import { type CaseOutcome, CaseRunner, tail, verdictOf } from './case-runner';
import { runBatch } from './run-batch';

export interface TestRunBatchOptions extends KernelChoice {
  readonly jit?: boolean;
  readonly interpret?: boolean;
  readonly both?: boolean;
  readonly logLines: number;
  readonly seed?: number;
}

const CPUS = 4;

/** `probectl prog test-run --jsonl`: cases from standard input, what BPF_PROG_TEST_RUN gives to standard output. */
export async function testRunBatch(options: TestRunBatchOptions): Promise<void> {
  const chosen = [options.jit, options.interpret, options.both].filter(Boolean).length;
  if (chosen > 1) failUsage('--jit, --interpret and --both exclude each other');
  const image = chosenKernel(options);
  const runners: Partial<Record<Engine, CaseRunner>> = {};
  const runnerOf = (engine: Engine) => (runners[engine] ??= new CaseRunner(image, engine, options.seed));
  const always: Engine | undefined = options.jit ? 'jit' : options.interpret ? 'interp' : undefined;
  await runBatch(process.stdin, process.stdout, (document) => {
    const one = readCase(document, image.btf);
    if (!options.both)
      return { ...runnerOf(always ?? quickerEngine(one)).run(one, options.logLines).outcome };
    const { outcome, verified } = runnerOf('jit').run(one, options.logLines);
    return compared(outcome, runnerOf('interp').run(one, options.logLines, verified).outcome);
  });
}

/** Runs from which on compiling pays. */
const RUNS_TO_COMPILE = 16;
/** Helpers that call a function of the program many times. */
const LOOPING: ReadonlySet<number | undefined> = new Set(
  ['loop', 'for_each_map_elem', 'user_ringbuf_drain'].map((name) => helperByName(name)?.id),
);

/** Compiling takes longer than the interpreter's one run of a program that has no loop. */
function quickerEngine({ program, attr }: BatchCase): Engine {
  const loops = program.insns.some((insn, slot) => {
    const target = jumpTarget(insn, slot);
    return (target !== undefined && target <= slot) || (isHelperCall(insn) && LOOPING.has(insn.imm));
  });
  return loops || (attr.repeat ?? 1) >= RUNS_TO_COMPILE ? 'jit' : 'interp';
}

function compared(outcome: CaseOutcome, other: CaseOutcome): Readonly<Record<string, unknown>> {
  const differences = differencesOf(outcome, other);
  if (differences.length === 0) return { ...outcome };
  return {
    ...outcome,
    error: `JIT and interpreter differ in ${differences.join(', ')}`,
    interpreter: pick(other, differences),
  };
}

/** What a run gives, which must not depend on who runs it. */
const COMPARED = [
  'verdict',
  'errno',
  'run_errno',
  'retval',
  'data_out',
  'data_size_out',
  'ctx_out',
  'maps',
] as const satisfies readonly (keyof CaseOutcome)[];

function differencesOf(a: CaseOutcome, b: CaseOutcome): (keyof CaseOutcome)[] {
  return COMPARED.filter((name) => JSON.stringify(a[name]) !== JSON.stringify(b[name]));
}

function pick(
  outcome: CaseOutcome,
  names: readonly (keyof CaseOutcome)[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(names.map((name) => [name, outcome[name]]));
}

export interface VerifyBatchOptions extends KernelChoice {
  readonly kernelConfig: KernelProfile;
  readonly logLines: number;
  readonly logLevel?: number;
}

/** `probectl prog verify --jsonl`: the verdict alone. */
export async function verifyBatch(options: VerifyBatchOptions): Promise<void> {
  const facts = kernelFacts(judgedKernel(options), CPUS, options.kernelConfig);
  await runBatch(process.stdin, process.stdout, (document) => {
    const one = readCase(document, facts.btf);
    const { program, license, objectBtf, caps } = one;
    const logLevel = options.logLevel ?? one.logLevel;
    const result = verify(program, infosOf(one), facts, { license, objectBtf, caps, logLevel });
    if (!result.ok) return { ...verdictOf(result.error, options.logLines) };
    return { verdict: 'accept', errno: 0, log: tail(result.value.log, options.logLines) };
  });
}

/** The maps as they would be created; none is. */
function infosOf(one: BatchCase) {
  return new Map(
    one.maps.map(({ spec, isFrozen }) => {
      const info = { ...mapInfoOf(spec), frozen: isFrozen };
      const fault = checkMapAttr(info);
      if (fault) throw new CaseError(`map ${spec.name}: ${fault.message} (errno ${fault.errno})`);
      return [spec.name, info];
    }),
  );
}
