/** The branches and calls that lead to the refusal. */
import { BPF_JMP_OP, insnOp, isJmpClass, isSubprogCall } from '@probed/isa';
import type { VerifierEnv } from '../env';
import type { PathTurn } from './explanation';
import type { TraceStep } from './recorder';
import { spotOf } from './spot';

/** Turns that are told, the last ones of the way. */
const TURNS_MAX = 24;
const NO_BRANCH: ReadonlySet<number> = new Set([BPF_JMP_OP.JA, BPF_JMP_OP.CALL, BPF_JMP_OP.EXIT]);

interface Turn {
  readonly insn: number;
  readonly kind: PathTurn['kind'];
  times: number;
}

/** @returns the last turns, first to last, and how many came before them */
export function turnsOf(
  env: VerifierEnv,
  steps: readonly TraceStep[],
): { path: PathTurn[]; leftOut: number } {
  const turns: Turn[] = [];
  for (const step of steps) {
    const kind = turnKind(env, step);
    if (kind === undefined) continue;
    const again = turns.slice(-2).find((turn) => turn.insn === step.insn && turn.kind === kind);
    if (again) again.times++;
    else turns.push({ insn: step.insn, kind, times: 1 });
  }
  const shown = turns.slice(-TURNS_MAX);
  const path = shown.map(({ insn, kind, times }) => ({ at: spotOf(env, insn), kind, times }));
  return { path, leftOut: turns.length - shown.length };
}

function turnKind(env: VerifierEnv, { insn: at, next }: TraceStep): PathTurn['kind'] | undefined {
  if (at < 0) return undefined;
  const insn = env.insns[at];
  if (!isJmpClass(insn)) return undefined;
  if (isSubprogCall(insn)) return next === at + 1 ? undefined : 'call';
  if (insnOp(insn) === BPF_JMP_OP.EXIT) return 'return';
  if (NO_BRANCH.has(insnOp(insn))) return undefined;
  return next === at + 1 && insn.off !== 0 ? 'not-taken' : 'taken';
}
