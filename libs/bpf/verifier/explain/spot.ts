import type { VerifierEnv } from '../env';
import { printInsn } from '../log/print-insn';
import { lineInfoAt } from '../log/source-line';
import type { CodeSpot } from './explanation';

/** An instruction with its line of source. */
export function spotOf(env: VerifierEnv, insn: number): CodeSpot {
  const info = lineInfoAt(env.spec.lineInfo, insn);
  const sub = env.subprogs.length > 0 ? env.subprogs[env.subprogOf(insn)] : undefined;
  const spot = {
    insn,
    code: printInsn(env, insn).replace(/^\([0-9a-f]+\) /, ''),
    func: sub && sub.start > 0 ? sub.name || `subprog at ${sub.start}` : env.spec.name,
  };
  if (!info) return spot;
  const { file, line, column, text } = info;
  return { ...spot, file, line, column, source: text.trim() };
}
