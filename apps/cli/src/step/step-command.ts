import { suggestion } from '@probed/base';
import { RunRecorder } from '@probed/machine';
import { fail } from '../errors';
import { note, Printer } from '../output/printer';
import type { RunOptions } from '../run/run-options';
import { RunSession } from '../run/session';
import { browse } from './browse';
import { StepText } from './step-text';

/** Options of `probectl prog step` besides those of a run. */
export interface StepOptions extends RunOptions {
  /** Which of the program's runs, from 1. */
  readonly run: number;
  readonly steps: number;
  /** Print all steps instead of browsing them. */
  readonly list?: boolean;
}

const ENOENT = 2;

/** `probectl prog step`. */
export async function stepProgram(
  file: string,
  program: string | undefined,
  options: StepOptions,
): Promise<void> {
  const recorder = new RunRecorder({ program, number: options.run, stepsMax: options.steps });
  const session = await RunSession.open([file], options, recorder);
  const names = session.objects.flatMap(({ collection }) => collection.programs.map(({ name }) => name));
  if (program !== undefined && !names.includes(program)) {
    const hint = suggestion(program, names);
    fail('no-such-program', `no program ${program}`, { where: file, errno: ENOENT, hint });
  }
  await session.run(
    () => {},
    async () => {},
    { enough: () => recorder.recorded !== undefined },
  );
  const { recorded } = recorder;
  if (!recorded)
    return fail('no-run', noRun(recorder, program, options), { hint: 'see why: probectl run --why' });
  const { runtime } = session.machine;
  const text = new StepText(recorded, (offset) => {
    const map = runtime.maps.at(offset);
    return map && `map ${map.info.name}`;
  });
  const interactive = !options.json && !options.list && process.stdin.isTTY && process.stdout.isTTY;
  if (interactive) await browse(text);
  else await list(text, options);
}

function noRun({ seen }: RunRecorder, program: string | undefined, { run, scenario }: StepOptions): string {
  const counts = [...seen].map(([name, runs]) => `${name} ${runs}`);
  const what = program === undefined ? 'no program' : `program ${program} did not`;
  const ran = counts.length > 0 ? `; runs: ${counts.join(', ')}` : '';
  return `${what} run ${run === 1 ? 'at all' : `${run} times`} in scenario ${scenario}${ran}`;
}

/** Width of the instruction, so that what comes of it stands in a column. */
const INSN_COLUMNS = 44;

async function list(text: StepText, options: StepOptions): Promise<void> {
  const printer = new Printer(options.json === true);
  const { run } = text;
  const { ns, cpu, pid, comm } = run.at;
  const name = run.program.spec.name;
  printer.text(`${name}, run ${run.number}, at ${(ns / 1e9).toFixed(6)} s on CPU ${cpu} for ${comm}[${pid}]`);
  for (let index = 0; index < run.steps.length; index++) {
    const step = run.steps[index];
    const line = text.source(step);
    if (text.functionName(step)) printer.text(`${text.functionName(step)}:`);
    if (line && text.entersLine(index))
      printer.text(`; ${line.text.trim()}   ${line.file.split('/').pop()}:${line.line}`);
    const insn = `${'  '.repeat(step.depth)}${text.insn(step)}`;
    printer.text(`${insn.padEnd(INSN_COLUMNS)}  ${text.changes(index)}`.trimEnd());
    printer.document(text.document(index));
    await printer.drain();
  }
  const { result = null, truncated, number, steps } = run;
  printer.document({ type: 'run', program: name, run: number, steps: steps.length, result, truncated });
  if (truncated) note(`the run goes on after ${steps.length} steps; see more with --steps`);
}
