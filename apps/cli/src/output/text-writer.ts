import { once } from 'node:events';

const CHUNK_CHARS = 64 * 1024;

/** Long text to a stream in chunks, waiting for a slow reader. */
export class TextWriter {
  constructor(private readonly out: NodeJS.WritableStream = process.stdout) {}

  async write(text: string): Promise<void> {
    for (let at = 0; at < text.length; at += CHUNK_CHARS) {
      if (!this.out.write(text.slice(at, at + CHUNK_CHARS))) await once(this.out, 'drain');
    }
  }

  async writeLines(lines: Iterable<string>): Promise<void> {
    let chunk: string[] = [];
    let chars = 0;
    for (const line of lines) {
      chunk.push(line, '\n');
      chars += line.length + 1;
      if (chars < CHUNK_CHARS) continue;
      await this.write(chunk.join(''));
      chunk = [];
      chars = 0;
    }
    await this.write(chunk.join(''));
  }
}
