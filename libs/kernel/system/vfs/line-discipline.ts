/**
 * What a terminal does with what is typed (`drivers/tty/n_tty.c`). In canonical mode: lines with editing and echo,
 * characters that raise signals, end of file. Else a program edits by itself: bytes as they come, without echo, though
 * never beyond the end of a line at once, so that what follows is still there for the next reader. Nothing of the
 * kernel in here.
 */

const NL = 0x0a;
const CR = 0x0d;
/** Control characters as `stty -a` shows them. */
const VINTR = 0x03;
const VEOF = 0x04;
const BACKSPACE = 0x08;
const VKILL = 0x15;
const VWERASE = 0x17;
const VQUIT = 0x1c;
const VSUSP = 0x1a;
const ESCAPE = 0x1b;
const VERASE = 0x7f;
const SPACE = 0x20;
/** `N_TTY_BUF_SIZE`: what a line can hold. */
const MAX_LINE_BYTES = 4096;
const MAX_LINES = 1024;

const SIGINT = 2;
const SIGQUIT = 3;

/** What typing leads to, besides lines. */
export interface LineEvents {
  /** To be shown on the terminal. */
  echo(bytes: Uint8Array): void;
  /** For the foreground process group. */
  signal(number: number): void;
}

const encoder = new TextEncoder();
const ERASE = encoder.encode('\b \b');
const CRLF = encoder.encode('\r\n');
const EMPTY = new Uint8Array(0);

/** The input side of one terminal. */
export class LineDiscipline {
  private line: number[] = [];
  /** Complete lines; an empty one is an end of file. */
  private lines: Uint8Array[] = [];
  private escape = 0;
  private canonical = true;

  constructor(private readonly events: LineEvents) {}

  /** ICANON and ECHO go together here, as they do in practice. */
  setCanonical(on: boolean): void {
    this.canonical = on;
  }

  /** Whether a read would give something now. */
  get ready(): boolean {
    return this.lines.length > 0 || (!this.canonical && this.line.length > 0);
  }

  /** At most one line, at most `count` bytes of it; empty for an end of file (or when not {@link ready}). */
  take(count: number): Uint8Array {
    const [line] = this.lines;
    if (line === undefined) return this.canonical ? EMPTY : this.takePartial(count);
    if (line.length <= count) {
      this.lines.shift();
      return line;
    }
    this.lines[0] = line.subarray(count);
    return line.subarray(0, count);
  }

  private takePartial(count: number): Uint8Array {
    return Uint8Array.from(this.line.splice(0, count));
  }

  /** @returns whether a reader can go on */
  type(bytes: Uint8Array): boolean {
    const before = this.lines.length;
    for (const byte of bytes) {
      if (!this.canonical) {
        this.typeRaw(byte);
        continue;
      }
      if (this.inEscape(byte)) continue;
      const special = SPECIAL[byte];
      if (special) special(this);
      else this.add(byte);
    }
    return this.lines.length > before || (!this.canonical && this.ready);
  }

  /** ISIG and ICRNL stay in force. */
  private typeRaw(byte: number): void {
    if (byte === VINTR) this.interrupt(SIGINT, '');
    else if (byte === VQUIT) this.interrupt(SIGQUIT, '');
    else if (this.line.length < MAX_LINE_BYTES) {
      this.line.push(byte === CR ? NL : byte);
      if (byte === CR || byte === NL) this.complete();
    }
  }

  /** Arrow keys and the like send sequences that begin with ESC; line editing of this kind has no use for them. */
  private inEscape(byte: number): boolean {
    if (byte === ESCAPE) {
      this.escape = 1;
      return true;
    }
    if (this.escape === 0) return false;
    if (this.escape === 1 && (byte === 0x5b || byte === 0x4f)) {
      this.escape = 2;
      return true;
    }
    const final = this.escape === 2 && byte >= 0x40 && byte <= 0x7e;
    const more = this.escape === 2 && !final;
    if (!more) this.escape = 0;
    return true;
  }

  private add(byte: number): void {
    if (this.line.length >= MAX_LINE_BYTES - 1) return;
    this.line.push(byte);
    if (byte >= SPACE || byte === 0x09) this.events.echo(Uint8Array.of(byte));
    else this.events.echo(encoder.encode(`^${String.fromCharCode(byte + 0x40)}`));
  }

  newline(): void {
    this.events.echo(CRLF);
    this.line.push(NL);
    this.complete();
  }

  /** ^D: what has been typed so far is handed over as it is; nothing typed means end of file. */
  endOfFile(): void {
    this.complete();
  }

  /** Takes back one character, all bytes of it. @returns false when there was none */
  erase(): boolean {
    let byte = this.line.pop();
    if (byte === undefined) return false;
    while (byte !== undefined && (byte & 0xc0) === 0x80) byte = this.line.pop();
    this.events.echo(byte !== undefined && byte < SPACE ? encoder.encode('\b \b\b \b') : ERASE);
    return true;
  }

  eraseWord(): void {
    const last = () => this.line[this.line.length - 1];
    while (last() === SPACE) this.erase();
    while (this.line.length > 0 && last() !== SPACE) this.erase();
  }

  eraseLine(): void {
    while (this.erase());
  }

  interrupt(signal: number, shown: string): void {
    this.line = [];
    this.lines = [];
    this.events.echo(encoder.encode(shown));
    this.events.signal(signal);
  }

  private complete(): void {
    if (this.lines.length < MAX_LINES) this.lines.push(Uint8Array.from(this.line));
    this.line = [];
  }
}

const SPECIAL: Readonly<Record<number, (line: LineDiscipline) => void>> = {
  [CR]: (line) => line.newline(),
  [NL]: (line) => line.newline(),
  [VINTR]: (line) => line.interrupt(SIGINT, '^C'),
  [VQUIT]: (line) => line.interrupt(SIGQUIT, '^\\'),
  [VEOF]: (line) => line.endOfFile(),
  [BACKSPACE]: (line) => line.erase(),
  [VERASE]: (line) => line.erase(),
  [VKILL]: (line) => line.eraseLine(),
  [VWERASE]: (line) => line.eraseWord(),
  // There is no job control: a stopped job could not be continued.
  [VSUSP]: () => undefined,
};

/** ONLCR: each NL leaves as CR NL. */
export function outputBytes(data: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of data) if (byte === NL) extra++;
  if (extra === 0) return data;
  const out = new Uint8Array(data.length + extra);
  let at = 0;
  for (const byte of data) {
    if (byte === NL) out[at++] = CR;
    out[at++] = byte;
  }
  return out;
}
