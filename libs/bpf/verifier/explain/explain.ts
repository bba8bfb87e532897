/**
 * Says for people why a program is refused: the instruction with its line of C, the registers that matter and where
 * their bounds come from, the branches that lead there, and what usually fixes it.
 */
import type { KernelFacts, MapInfo, ProgramSpec } from '@probed/spec';
import type { VerifierEnv, VerifyOptions } from '../env';
import { formatReg } from '../log/print-state';
import { runPasses } from '../verify';
import { describeReg } from './describe';
import type { Explanation, RegisterStory } from './explanation';
import { historyOf, registersOf } from './history';
import { explainMessage } from './messages';
import { turnsOf } from './path';
import { PathRecorder, type TraceStep } from './recorder';
import { spotOf } from './spot';

const REGISTERS_MAX = 3;

/**
 * Explains why {@link verify} refuses a program; verifies it once more to note the way there.
 *
 * @returns undefined for a program that is accepted
 */
export function explainReject(
  program: ProgramSpec,
  maps: ReadonlyMap<string, MapInfo>,
  facts: KernelFacts,
  options: VerifyOptions,
): Explanation | undefined {
  const recorder = new PathRecorder();
  const { env, fault } = runPasses(program, maps, facts, { ...options, logLevel: 0 }, recorder);
  if (!fault) return undefined;
  const complaint = env.log.complaints;
  const text = complaint.join('\n');
  const steps = wayOf(recorder.last);
  const at = steps.length > 0 ? env.insnIdx : namedInsn(env, text);
  const { path, leftOut } = turnsOf(env, steps);
  const acquired = /alloc_insn=(\d+)/.exec(text)?.[1];
  return {
    complaint,
    errno: fault.errno,
    ...explainMessage(complaint),
    ...(at !== undefined && env.insns[at] && { at: spotOf(env, at) }),
    ...(acquired !== undefined && { acquired: spotOf(env, Number(acquired)) }),
    // Where something is lost, no register is to blame.
    registers: at === undefined || steps.length === 0 || acquired ? [] : stories(env, steps, at, text),
    path,
    omitted: leftOut,
  };
}

function wayOf(last: TraceStep | undefined): TraceStep[] {
  const steps: TraceStep[] = [];
  for (let step = last; step; step = step.prev) steps.push(step);
  return steps.reverse();
}

/** Faults found before the walk name their instruction, if any. */
function namedInsn(env: VerifierEnv, text: string): number | undefined {
  const named = /\binsn (\d+)/.exec(text)?.[1];
  return named !== undefined && Number(named) < env.insns.length ? Number(named) : undefined;
}

/** The registers that the complaint names, else those that the instruction reads. */
function stories(env: VerifierEnv, steps: readonly TraceStep[], at: number, text: string): RegisterStory[] {
  const { frames } = steps[steps.length - 1];
  const view = frames[frames.length - 1];
  const named = [...text.matchAll(/\bR(\d+)\b/g)].map(([, regno]) => Number(regno));
  const numbers = new Set([...named, ...(named.length > 0 ? [] : registersOf(env.insns[at]))]);
  return [...numbers]
    .filter((regno) => view.regs[regno] !== undefined && regno < 10)
    .slice(0, REGISTERS_MAX)
    .map((regno) => {
      const reg = view.regs[regno];
      return {
        register: `r${regno}`,
        state: reg.type === 0 ? '' : formatReg(env, { frameno: frames.length - 1 }, reg),
        value: describeReg(reg),
        history: historyOf(env, steps, regno),
      };
    });
}
