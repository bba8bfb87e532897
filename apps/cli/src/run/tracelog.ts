import { Printer } from '../output/printer';
import { traceText } from '../output/text-run-output';
import { reportInert } from './attach-programs';
import type { RunOptions } from './run-options';
import { RunSession } from './session';

/** `probectl prog tracelog`: a run of which only the trace pipe is shown. */
export async function tracelog(files: readonly string[], options: RunOptions): Promise<void> {
  const session = await RunSession.open(files, options);
  reportInert(session.links);
  const printer = new Printer(options.json === true);
  await session.run(
    (document) => {
      if (document.type !== 'trace') return;
      printer.text(traceText(document));
      printer.document(document);
    },
    () => printer.drain(),
  );
}
