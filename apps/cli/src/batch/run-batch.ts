import { once } from 'node:events';
import { CaseError } from './case-fields';
import { type InputLine, linesOf } from './lines';

/** More than the largest program in hex with its BTF. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
/** How much of a member `id` is given back. */
const ID_CHARS_MAX = 1000;

/** Answers a case; what it throws becomes the line's `error`. */
export type CaseAnswer = (document: unknown) => Readonly<Record<string, unknown>>;

/** Members of every answer, in front. */
interface Head {
  readonly id: unknown;
}

/** Reads one case a line from `input` and writes one answer a line, in the same order. */
export async function runBatch(
  input: AsyncIterable<Uint8Array | string>,
  output: NodeJS.WritableStream,
  answer: CaseAnswer,
): Promise<void> {
  for await (const lines of linesOf(input, LINE_BYTES_MAX)) {
    if (lines.length === 0) continue;
    const text = lines.map((line) => `${JSON.stringify(answerLine(line, answer))}\n`).join('');
    if (!output.write(text)) await once(output, 'drain');
  }
}

function answerLine(line: InputLine, answer: CaseAnswer): Head & Readonly<Record<string, unknown>> {
  if (typeof line !== 'string')
    return { id: null, error: `a line of ${line.tooLong} bytes; at most ${LINE_BYTES_MAX} are taken` };
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch (error) {
    return { id: null, error: `malformed JSON: ${(error as Error).message}` };
  }
  const id = idOf(document);
  try {
    return { id, ...answer(document) };
  } catch (error) {
    const { message } = error as Error;
    return {
      id,
      error: error instanceof CaseError ? message : `internal error: ${message}; please report it`,
    };
  }
}

/** What the caller knows the case by: text or a number. */
function idOf(document: unknown): unknown {
  if (typeof document !== 'object' || document === null) return null;
  const { id } = document as { id?: unknown };
  if (typeof id === 'string') return id.slice(0, ID_CHARS_MAX);
  return typeof id === 'number' ? id : null;
}
