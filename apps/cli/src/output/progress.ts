const SHOWN_AFTER_MS = 1000;
const REFRESHED_EVERY_MS = 250;

/** A line on the terminal for work that takes longer than a second; silent when stderr is no terminal. */
export class Progress {
  private readonly since = performance.now();
  private last = 0;
  private visible = false;

  constructor(private readonly out: NodeJS.WriteStream = process.stderr) {}

  /** @param text computed only when it is shown */
  update(text: () => string): void {
    const now = performance.now();
    if (!this.out.isTTY || now - this.since < SHOWN_AFTER_MS || now - this.last < REFRESHED_EVERY_MS) return;
    this.last = now;
    this.visible = true;
    this.out.write(`\r\x1b[K${text()}`);
  }

  /** Says at once what begins now and may take long. */
  begin(text: string): void {
    if (!this.out.isTTY) return;
    this.visible = true;
    this.out.write(`\r\x1b[K${text}`);
  }

  /** Takes the line away, before other output and at the end. */
  clear(): void {
    if (!this.visible) return;
    this.visible = false;
    this.out.write('\r\x1b[K');
  }
}
