import { CoverageReport, collectCoverage } from '@probed/machine';
import { writeCoverage } from '../coverage-file/write-coverage';
import { note, Printer } from '../output/printer';
import { JsonRunOutput, type RunOutput } from '../output/run-output';
import { TextRunOutput } from '../output/text-run-output';
import { reportAttachments, reportInert } from './attach-programs';
import { recordSources } from './record-sources';
import type { RunOptions } from './run-options';
import { RunSession } from './session';

/** `probectl run`. */
export async function run(files: readonly string[], options: RunOptions): Promise<void> {
  const session = await RunSession.open(files, options);
  if (options.json || options.quiet) reportInert(session.links);
  else reportAttachments(session.links);
  const output = runOutput(session, options);
  await session.run(
    (document) => output.put(document),
    () => output.drain(),
  );
  if (options.coverage) reportCoverage(session, options);
}

function reportCoverage(session: RunSession, { coverageOut, json }: RunOptions): void {
  const report = new CoverageReport();
  for (const { collection } of session.objects) collectCoverage(collection, report);
  writeCoverage(report, coverageOut, (text) => (json ? note(text) : process.stdout.write(`${text}\n`)));
}

function runOutput(session: RunSession, options: RunOptions): RunOutput {
  const printer = new Printer(options.json === true);
  if (options.json) return new JsonRunOutput(printer);
  const quiet = options.quiet === true;
  return new TextRunOutput(printer, {
    layouts: session.layouts(),
    sources: recordSources(session),
    quiet,
    folded: options.folded === true,
  });
}
