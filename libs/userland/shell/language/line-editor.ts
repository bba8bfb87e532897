import { TIOC } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { writeAll } from '../os/io';

const EINTR = -4;
const CHUNK_BYTES = 4_096;
const KEY_NS = 1_200;
const TERMIOS_BYTES = 36;
const LFLAG_OFFSET = 12;
const ICANON_ECHO = 0x2 | 0x8;
const CANDIDATES_SHOWN = 100;

/** What TAB may complete a word to. */
export interface Completion {
  /** Words that begin as the one before the cursor does, whole. */
  readonly words: readonly string[];
  /** What is shown of them when there are several. */
  readonly shown: readonly string[];
}

export interface EditorEnvironment {
  readonly history: readonly string[];
  complete(line: string): Sys<Completion>;
}

const ESC = '\x1b';
const KEY = new RegExp(`^(?:${ESC}\\[[0-9;]*[A-Za-z~]|${ESC}O[A-Za-z]|${ESC}[^[O]|[\\s\\S])`, 'u');
/** The beginning of a sequence whose rest has not come yet. */
const UNFINISHED = new RegExp(`^${ESC}(?:\\[[0-9;]*|O)?$`);

/** readline(3) with its usual keys, in emacs mode. */
export class LineEditor {
  private chars: string[] = [];
  private cursor = 0;
  private out = '';
  private input = '';
  private readonly decoder = new TextDecoder();
  private entry: number;
  private draft: string[] = [];
  private lastTab = false;
  private done = false;
  private ended = false;

  constructor(
    private readonly u: UserContext,
    private readonly prompt: string,
    private readonly environment: EditorEnvironment,
  ) {
    this.entry = environment.history.length;
  }

  /** @returns the line; undefined at the end of input, null when ^C has ended it */
  *read(): Sys<string | undefined | null> {
    const { u } = this;
    const termios = yield* this.prepareTerminal();
    yield* writeAll(u, 2, this.prompt);
    let interrupted = false;
    while (!this.done && !this.ended && !interrupted) {
      const got = yield* u.read(0, CHUNK_BYTES);
      if (got === EINTR) interrupted = true;
      else if (got <= 0) this.ended = true;
      else {
        this.input += this.decoder.decode(u.peek(u.buffer, got), { stream: true });
        yield* u.cpu(KEY_NS * got, ['readline_internal']);
        yield* this.keys();
      }
      yield* this.flush();
    }
    if (interrupted) yield* writeAll(u, 2, '^C');
    if (termios) yield* u.syscall('ioctl', 0, TIOC.TCSETSW, u.bytes(termios));
    if (interrupted) return null;
    return this.ended && this.chars.length === 0 ? undefined : this.chars.join('');
  }

  /** Turns canonical mode and echo off. @returns what it was, to be put back */
  private *prepareTerminal(): Sys<Uint8Array | undefined> {
    const { u } = this;
    if ((yield* u.ioctl(0, TIOC.TCGETS)) < 0) return undefined;
    const before = u.peek(u.lastRoom, TERMIOS_BYTES).slice();
    const raw = before.slice();
    raw[LFLAG_OFFSET] &= ~ICANON_ECHO;
    yield* u.syscall('ioctl', 0, TIOC.TCSETSW, u.bytes(raw));
    return before;
  }

  private *flush(): Sys<void> {
    const { out } = this;
    this.out = '';
    if (out !== '') yield* writeAll(this.u, 2, out);
  }

  private *keys(): Sys<void> {
    while (this.input !== '' && !this.done && !this.ended) {
      if (UNFINISHED.test(this.input)) return;
      const key = KEY.exec(this.input)?.[0] ?? this.input[0];
      this.input = this.input.slice(key.length);
      const isTab = key === '\t';
      if (isTab) yield* this.completeWord();
      else this.key(key);
      this.lastTab = isTab;
    }
  }

  private key(key: string): void {
    const action = KEYS[key];
    if (action) action(this);
    else if (key >= ' ' && key !== '\x7f') this.insert(key);
  }

  insert(text: string): void {
    const chars = [...text];
    const atEnd = this.cursor === this.chars.length;
    this.chars.splice(this.cursor, 0, ...chars);
    this.cursor += chars.length;
    if (atEnd) this.out += text;
    else this.redraw();
  }

  erase(count: number): void {
    const removed = this.chars.splice(this.cursor - count, count);
    this.cursor -= removed.length;
    const simple = this.cursor === this.chars.length && removed.every((char) => char >= ' ' && char < '\x7f');
    if (simple) this.out += '\b \b'.repeat(removed.length);
    else this.redraw();
  }

  eraseLeft(): void {
    if (this.cursor > 0) this.erase(1);
  }

  eraseRight(): void {
    if (this.cursor === this.chars.length) return;
    this.chars.splice(this.cursor, 1);
    this.redraw();
  }

  eraseWord(): void {
    let at = this.cursor;
    while (at > 0 && this.chars[at - 1] === ' ') at--;
    while (at > 0 && this.chars[at - 1] !== ' ') at--;
    if (at < this.cursor) this.erase(this.cursor - at);
  }

  eraseStart(): void {
    if (this.cursor > 0) this.erase(this.cursor);
  }

  eraseEnd(): void {
    this.chars.length = this.cursor;
    this.out += '\x1b[K';
  }

  move(to: number): void {
    const place = Math.max(0, Math.min(this.chars.length, to));
    const distance = place - this.cursor;
    this.cursor = place;
    if (distance !== 0) this.out += `\x1b[${Math.abs(distance)}${distance < 0 ? 'D' : 'C'}`;
  }

  moveBy(distance: number): void {
    this.move(this.cursor + distance);
  }

  toStart(): void {
    this.move(0);
  }

  toEnd(): void {
    this.move(this.chars.length);
  }

  /** Up and down through what was typed before. */
  recall(step: number): void {
    const { history } = this.environment;
    const next = this.entry + step;
    if (next < 0 || next > history.length) return;
    if (this.entry === history.length) this.draft = this.chars;
    this.entry = next;
    this.chars = next === history.length ? this.draft : [...history[next]];
    this.cursor = this.chars.length;
    this.redraw();
  }

  clearScreen(): void {
    this.out += '\x1b[H\x1b[J';
    this.redraw();
  }

  accept(): void {
    this.done = true;
    this.out += '\n';
  }

  /** ^D: the end of input on an empty line, else what DEL does. */
  endOrErase(): void {
    if (this.chars.length === 0) this.ended = true;
    else this.eraseRight();
  }

  private redraw(): void {
    const shown = this.prompt.slice(this.prompt.lastIndexOf('\n') + 1);
    const back = this.chars.length - this.cursor;
    this.out += `\r${shown}${this.chars.join('')}\x1b[K${back > 0 ? `\x1b[${back}D` : ''}`;
  }

  private *completeWord(): Sys<void> {
    yield* this.flush();
    const before = this.chars.slice(0, this.cursor).join('');
    const { words, shown } = yield* this.environment.complete(before);
    const typed = /[^\s;|&<>()]*$/.exec(before)?.[0] ?? '';
    if (words.length === 0) this.out += '\x07';
    else if (words.length === 1)
      this.insert(words[0].slice(typed.length) + (words[0].endsWith('/') ? '' : ' '));
    else {
      const common = commonPrefix(words);
      if (common.length > typed.length) this.insert(common.slice(typed.length));
      else if (this.lastTab) {
        this.out += `\n${shown.slice(0, CANDIDATES_SHOWN).join('  ')}\n`;
        this.redraw();
      } else this.out += '\x07';
    }
  }
}

function commonPrefix(words: readonly string[]): string {
  let prefix = words[0];
  for (const word of words) while (!word.startsWith(prefix)) prefix = prefix.slice(0, -1);
  return prefix;
}

const KEYS: Readonly<Record<string, (editor: LineEditor) => void>> = {
  '\n': (editor) => editor.accept(),
  '\r': (editor) => editor.accept(),
  '\x7f': (editor) => editor.eraseLeft(),
  '\b': (editor) => editor.eraseLeft(),
  '\x15': (editor) => editor.eraseStart(),
  '\x0b': (editor) => editor.eraseEnd(),
  '\x17': (editor) => editor.eraseWord(),
  '\x04': (editor) => editor.endOrErase(),
  '\x0c': (editor) => editor.clearScreen(),
  '\x01': (editor) => editor.toStart(),
  '\x05': (editor) => editor.toEnd(),
  '\x02': (editor) => editor.moveBy(-1),
  '\x06': (editor) => editor.moveBy(1),
  '\x10': (editor) => editor.recall(-1),
  '\x0e': (editor) => editor.recall(1),
  '\x1b[A': (editor) => editor.recall(-1),
  '\x1b[B': (editor) => editor.recall(1),
  '\x1bOA': (editor) => editor.recall(-1),
  '\x1bOB': (editor) => editor.recall(1),
  '\x1b[C': (editor) => editor.moveBy(1),
  '\x1b[D': (editor) => editor.moveBy(-1),
  '\x1bOC': (editor) => editor.moveBy(1),
  '\x1bOD': (editor) => editor.moveBy(-1),
  '\x1b[H': (editor) => editor.toStart(),
  '\x1b[F': (editor) => editor.toEnd(),
  '\x1b[1~': (editor) => editor.toStart(),
  '\x1b[4~': (editor) => editor.toEnd(),
  '\x1b[3~': (editor) => editor.eraseRight(),
};
