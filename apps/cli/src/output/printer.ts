import { once } from 'node:events';

/** Where a command's results go: one JSON document a line for programs, or text for people. */
export class Printer {
  constructor(
    readonly json: boolean,
    private readonly out: NodeJS.WritableStream = process.stdout,
  ) {}

  /** A line for people; silent in JSON mode. */
  text(line: string): void {
    if (!this.json) this.write(line);
  }

  /** A document for programs; silent in text mode. */
  document(value: unknown): void {
    if (this.json) this.write(JSON.stringify(value));
  }

  /** Waits until a slow reader has taken what was written. */
  async drain(): Promise<void> {
    if ((this.out as NodeJS.WriteStream).writableNeedDrain) await once(this.out, 'drain');
  }

  private write(line: string): void {
    this.out.write(`${line}\n`);
  }
}

let takeNote = (line: string): void => {
  process.stderr.write(`probectl: ${line}\n`);
};

/** A remark on the way, on stderr, in one line. */
export function note(line: string): void {
  takeNote(line);
}

/** Collects the remarks that `work` makes in place of printing them. */
export async function collectNotes<T>(take: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const outer = takeNote;
  takeNote = take;
  try {
    return await work();
  } finally {
    takeNote = outer;
  }
}
