import type { Btf } from '@probed/btf';
import { type BasicBlock, buildCfg, OP_MAY_GOTO } from '@probed/isa';
import type { LoadedProgram } from '@probed/runtime';
import type { LineInfo, Subprogram } from '@probed/spec';
import type { Collection } from '../collection';
import type { CoverageReport } from './coverage-report';
import { ProgramRuns } from './program-runs';

/** Adds what has run of a collection's programs so far. Only on a machine made with `coverage`. */
export function collectCoverage(collection: Collection, report: CoverageReport): void {
  for (const program of collection.programs) collectProgram(program, collection.spec.btf, report);
}

function collectProgram(program: LoadedProgram, btf: Btf | undefined, report: CoverageReport): void {
  if (!program.counters) return;
  const runs = new ProgramRuns(program.verified, program.counters);
  for (const sub of program.verified.subprograms) {
    const name = functionName(program, sub, btf);
    addFunction(runs, sub, name, report);
    addLines(runs, sub, report);
    addBranches(runs, sub, name, report);
  }
}

function functionName({ verified }: LoadedProgram, sub: Subprogram, btf: Btf | undefined): string {
  const info = verified.spec.funcInfo.find(({ insn }) => insn === sub.start);
  const name = info && btf?.type(info.typeId).name;
  return name || sub.name || `${verified.spec.name}+${sub.start}`;
}

function addFunction(runs: ProgramRuns, sub: Subprogram, name: string, report: CoverageReport): void {
  const place = placeOf(runs, sub, name);
  if (place) report.addFunction(place.file, name, place.line, runs.executed[sub.start]);
}

/**
 * Where a function begins: the first line that names it. Code that was inlined at its start is of other functions; where
 * no line has the name, the line of its last return is at least its own.
 */
function placeOf(runs: ProgramRuns, sub: Subprogram, name: string): LineInfo | undefined {
  const named = new RegExp(`\\b${name}\\b[^;]*$`);
  let last: LineInfo | undefined;
  for (let slot = sub.start; slot < sub.end; slot++) {
    const place = runs.line(slot);
    if (place && named.test(place.text)) return place;
    last = place ?? last;
  }
  return last;
}

/**
 * As gcov counts a line that is several blocks: the times that control comes to it from elsewhere, and the turns of
 * loops within it. Copies of a line that was inlined in several places add up.
 */
function addLines(runs: ProgramRuns, sub: Subprogram, report: CoverageReport): void {
  const { blocks } = buildCfg(runs.program.insns, sub.start, sub.end);
  const linesOf = blocks.map((block) => linesIn(runs, block));
  for (const block of blocks) {
    const entries = entriesOf(runs, blocks, block);
    for (const key of linesOf[block.index].values()) {
      const count = entries
        .filter(({ from }) => from === undefined || from >= block.index || !linesOf[from].has(key.text))
        .reduce((sum, entry) => sum + entry.count, 0);
      report.addLine(key.file, key.line, count);
    }
  }
}

interface SourceLine {
  readonly text: string;
  readonly file: string;
  readonly line: number;
}

function linesIn(runs: ProgramRuns, { start, end }: BasicBlock): Map<string, SourceLine> {
  const lines = new Map<string, SourceLine>();
  for (let slot = start; slot < end; slot++) {
    const place = runs.line(slot);
    if (!place) continue;
    const text = `${place.line}\0${place.file}`;
    if (!lines.has(text)) lines.set(text, { text, file: place.file, line: place.line });
  }
  return lines;
}

/** Times control came into a block, by the block that it came from; from outside of the function without one. */
interface BlockEntry {
  readonly from: number | undefined;
  readonly count: number;
}

function entriesOf(runs: ProgramRuns, blocks: readonly BasicBlock[], block: BasicBlock): BlockEntry[] {
  const entries: BlockEntry[] = block.predecessors.map((from) => ({
    from,
    count: edgeCount(runs, blocks[from], block),
  }));
  const known = entries.reduce((sum, { count }) => sum + count, 0);
  const rest = runs.executed[block.start] - known;
  if (rest > 0) entries.push({ from: undefined, count: rest });
  return entries;
}

function edgeCount(runs: ProgramRuns, from: BasicBlock, to: BasicBlock): number {
  const slot = lastSlot(runs, from);
  const jump = runs.jumps.get(slot);
  // How often `may_goto` ended its loop is not counted; what comes to its target from nowhere is that.
  if (runs.program.insns[slot].opcode === OP_MAY_GOTO)
    return to.start === slot + 1 ? runs.executed[to.start] : 0;
  if (!jump) return runs.executed[slot];
  return jump.target === to.start ? jump.taken : jump.reached - jump.taken;
}

/** First slot of the last instruction. */
function lastSlot({ program }: ProgramRuns, { start, end }: BasicBlock): number {
  let last = start;
  for (let slot = start; slot < end; slot++) if (program.insns[slot].opcode !== 0) last = slot;
  return last;
}

function addBranches(runs: ProgramRuns, sub: Subprogram, name: string, report: CoverageReport): void {
  for (const { slot, reached, taken } of runs.jumps.values()) {
    const place = slot >= sub.start && slot < sub.end ? runs.line(slot) : undefined;
    if (!place) continue;
    report.addBranch(place.file, `${name}+${slot - sub.start}`, { line: place.line, reached, taken });
  }
}
