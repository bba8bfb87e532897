const NEWLINE = 10;

/** A line of input, or that it was too long to be taken. */
export type InputLine = string | { readonly tooLong: number };

/**
 * Lines of a stream, without blank ones, a chunk's at a time. A line of more than `bytesMax` bytes is skipped and
 * reported, so that memory stays bounded.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
  bytesMax: number,
): AsyncGenerator<InputLine[]> {
  let parts: Uint8Array[] = [];
  let held = 0;
  const take = (): InputLine[] => {
    const bytes = held;
    const line = bytes > bytesMax ? { tooLong: bytes } : Buffer.concat(parts).toString('utf8');
    parts = [];
    held = 0;
    return typeof line === 'string' && line.trim() === '' ? [] : [line];
  };
  const keep = (part: Uint8Array) => {
    held += part.length;
    if (held <= bytesMax) parts.push(part);
    else parts = [];
  };
  for await (const chunk of input) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    const lines: InputLine[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      keep(bytes.subarray(start, end));
      lines.push(...take());
      start = end + 1;
    }
    if (start < bytes.length) keep(bytes.subarray(start));
    yield lines;
  }
  if (held > 0) yield take();
}
