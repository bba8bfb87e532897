import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { kernelFacts } from '@probed/machine';
import { packageRoot } from '@probed/package';
import { fail, orFail } from '../errors';
import { chosenKernel, type KernelChoice } from '../input/kernel-option';
import { ObjectFiles } from '../input/object-file';
import { formatLog } from '../output/fault-text';
import { Printer } from '../output/printer';
import { JsonRunOutput } from '../output/run-output';
import { TextRunOutput } from '../output/text-run-output';
import { recordSources } from '../run/record-sources';
import { RunSession } from '../run/session';
import { verifyObject } from '../verify/verify-object';
import { EXAMPLES, IN_DAEMON, REJECTED } from './explanations';
import { ThinnedOutput } from './thinned-output';

export interface DemoOptions extends KernelChoice {
  readonly for?: number;
  readonly seed: number;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const SCENARIO = 'demo';
const MAP_LIMITS = { rows: 10, stacks: 3 };

/** `probectl demo`: the examples at work, then those that the verifier refuses. */
export async function demo(options: DemoOptions): Promise<void> {
  const folder = examplesFolder();
  const printer = new Printer(options.json === true);
  await runExamples(folder, printer, options);
  await showRejected(folder, printer, options);
  printer.text(
    '\nNext: probectl run examples/opensnoop/opensnoop.bpf.o --set only_failed=true; probectl --help',
  );
  await printer.drain();
}

async function runExamples(folder: string, printer: Printer, options: DemoOptions): Promise<void> {
  const files = EXAMPLES.map(({ name }) => join(folder, name, `${name}.bpf.o`));
  const { btf, release, kconfig } = options;
  const session = await RunSession.open(files, {
    ...{ btf, release, kconfig },
    for: options.for,
    seed: options.seed,
    scenario: SCENARIO,
    engine: 'jit',
    maps: true,
    cpus: 4,
  });
  const kernel = release ?? (btf ? `with the types of ${btf}` : '6.18');
  printer.text(
    `An emulated Linux ${kernel} node with these eBPF programs, verified, compiled and attached:\n`,
  );
  const width = Math.max(...[...EXAMPLES, ...IN_DAEMON].map(({ name }) => name.length));
  for (const { name, says } of EXAMPLES) printer.text(`  ${name.padEnd(width)}  ${says}`);
  printer.text("\nand on the daemon's cluster (npm start):\n");
  for (const { name, says } of IN_DAEMON) printer.text(`  ${name.padEnd(width)}  ${says}`);
  const { description } = session.scenario;
  printer.text(`\nWhat happens there (scenario ${SCENARIO}): ${description}\n`);
  const text = new TextRunOutput(printer, {
    layouts: session.layouts(),
    sources: recordSources(session),
    quiet: false,
    mapLimits: MAP_LIMITS,
  });
  const output = options.json
    ? new JsonRunOutput(printer)
    : new ThinnedOutput(text, printer, shownPerSecond());
  await session.run(
    (document) => {
      // The variables of the examples are for those who run them one by one.
      if (options.json || document.type !== 'map' || !document.variables) output.put(document);
    },
    () => output.drain(),
  );
}

function shownPerSecond(): Map<string, number> {
  return new Map(
    EXAMPLES.flatMap(({ name, shownPerSecond: n }) => (n === undefined ? [] : [[name, n] as const])),
  );
}

async function showRejected(folder: string, printer: Printer, options: DemoOptions): Promise<void> {
  printer.text(
    '\nThree programs that the verifier refuses, with what their authors see (probectl prog verify -v):',
  );
  const image = chosenKernel(options);
  const facts = kernelFacts(image, 4);
  const reader = new ObjectFiles(image);
  for (const { name, says } of REJECTED) {
    const file = join(folder, 'rejected', `${name}.bpf.o`);
    const object = orFail(await reader.read(file));
    for (const verdict of verifyObject(object, facts, { logLevel: 1 })) {
      const { program, section, verdict: judged, errno, reason, log } = verdict;
      const path = relative(folder, file);
      printer.text(`\n${path}: ${says}`);
      printer.text(`  ${program} (${section}): ${judged}: ${reason}`);
      for (const line of formatLog(log, options.verbose === true)) printer.text(line);
      printer.document({ type: 'verdict', file: path, section, program, verdict: judged, errno, log });
    }
  }
}

/** The examples that ship with the package. */
function examplesFolder(): string {
  const examples = join(packageRoot(), 'examples');
  if (existsSync(examples) && readdirSync(examples).length > 0) return examples;
  return fail('no-examples', 'the examples folder is missing from this installation');
}
