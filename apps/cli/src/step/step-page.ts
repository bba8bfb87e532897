import type { StepText } from './step-text';

const RULE = '─';
/** Lines of source around the current one are not known: BTF has the lines that have code. */
const KEYS = 'n next · p back · s next line · S line back · o out of the call · g G first, last · q quit';

/** One screen: where the run is, the instruction among its neighbours, registers and stack. */
export function stepPage(text: StepText, index: number, rows: number, columns: number): string[] {
  const { run } = text;
  const step = run.steps[index];
  const line = text.source(step);
  const title = `${run.program.spec.name}, run ${run.number}: step ${index + 1} of ${run.steps.length}`;
  const { ns, cpu, pid, comm } = run.at;
  const where = `${(ns / 1e9).toFixed(6)} s  CPU ${cpu}  ${comm}[${pid}]  frame ${step.depth}`;
  const head = [
    `${title}   ${where}`,
    RULE.repeat(columns),
    line ? `${line.file.split('/').pop()}:${line.line}   ${line.text.trim()}` : '(no source line)',
    '',
  ];
  const state = [
    '',
    ...registerLines(text, index),
    '',
    ...text.stack(step).map(([place, word]) => `${place.padStart(7)}  ${word}`),
  ];
  const foot = ['', outcome(text, index), KEYS];
  const room = Math.max(3, rows - head.length - Math.min(state.length, 20) - foot.length);
  const body = [...head, ...neighbours(text, index, Math.min(room, 11)), ...state];
  return [...body.slice(0, Math.max(1, rows - foot.length)), ...foot].map((text) => text.slice(0, columns));
}

/** What comes of the instruction. */
function outcome(text: StepText, index: number): string {
  const { steps, truncated } = text.run;
  if (index + 1 === steps.length && truncated) return '→ the run goes on; record more of it with --steps';
  return `→ ${text.changes(index) || 'nothing changes'}`;
}

function neighbours(text: StepText, index: number, count: number): string[] {
  const { steps } = text.run;
  const first = Math.max(0, Math.min(index - (count >> 1), steps.length - count));
  return steps.slice(first, first + count).map((step, i) => {
    const here = first + i === index;
    return `${here ? '▶' : ' '} ${'  '.repeat(step.depth)}${text.insn(step)}`;
  });
}

const COLUMN = 44;

/** Two columns; a star at what the last instruction changed. */
function registerLines(text: StepText, index: number): string[] {
  const { steps } = text.run;
  const [step, before] = [steps[index], steps[index - 1]];
  const cells = Array.from({ length: 11 }, (_, reg) => {
    const changed = before && before.registers[reg] !== step.registers[reg];
    return `${changed ? '*' : ' '}${`r${reg}`.padStart(3)}  ${text.value(step, reg)}`;
  });
  const half = Math.ceil(cells.length / 2);
  return cells.slice(0, half).map((cell, i) => `${cell.padEnd(COLUMN)}${cells[half + i] ?? ''}`.trimEnd());
}
