import type { RunDocument } from './documents';
import type { Printer } from './printer';

/** Where the documents of a run go: to programs as they are, or to people as text. */
export interface RunOutput {
  put(document: RunDocument): void;
  /** Waits until a slow reader has taken what was written. */
  drain(): Promise<void>;
}

/** One JSON document a line. */
export class JsonRunOutput implements RunOutput {
  constructor(private readonly printer: Printer) {}

  put(document: RunDocument): void {
    this.printer.document(document);
  }

  drain(): Promise<void> {
    return this.printer.drain();
  }
}
