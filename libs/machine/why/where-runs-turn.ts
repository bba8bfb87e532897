import { insnSuccessors } from '@probed/isa';
import type { LoadedProgram } from '@probed/runtime';
import { ProgramRuns } from '../line-coverage/program-runs';

const TURNS_MAX = 3;

/**
 * The lines at which every run turned away from the calls at `goals`, as text: jumps that went one way only, with a
 * goal on the other. Empty unless the machine counts what runs.
 */
export function whereRunsTurn(program: LoadedProgram, goals: readonly number[]): string[] {
  if (!program.counters) return [];
  const runs = new ProgramRuns(program.verified, program.counters);
  const missed = new Set(goals.filter((slot) => runs.executed[slot] === 0));
  if (missed.size === 0) return [];
  const leading = slotsLeadingTo(program.verified.insns.length, program, missed);
  const turns: string[] = [];
  for (const { slot, target, reached, taken } of runs.jumps.values()) {
    if (reached === 0 || (taken !== 0 && taken !== reached)) continue;
    const [never, always] = taken === 0 ? [target, slot + 1] : [slot + 1, target];
    if (!leading[never] || leading[always]) continue;
    const place = runs.line(slot);
    const where = place
      ? `${baseName(place.file)}:${place.line}: ${place.text.trim()}`
      : `instruction ${slot}`;
    turns.push(`all ${reached} runs turned away at ${where}`);
  }
  return turns.slice(0, TURNS_MAX);
}

/** By slot: 1 where control can come to one of the goals without leaving the function. */
function slotsLeadingTo(slots: number, program: LoadedProgram, goals: ReadonlySet<number>): Uint8Array {
  const { insns } = program.verified;
  const before: number[][] = Array.from({ length: slots }, () => []);
  for (let slot = 0; slot < slots; slot++) {
    if (insns[slot].opcode === 0) continue;
    for (const next of insnSuccessors(insns, slot)) before[next]?.push(slot);
  }
  const leading = new Uint8Array(slots);
  const open = [...goals];
  for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
    if (leading[slot]) continue;
    leading[slot] = 1;
    open.push(...before[slot]);
  }
  return leading;
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
