import { isAlnum, isDigit, isPunct, isSpace } from './ctype';

/** Width and flags of a conversion; precisions do not exist here. */
export interface Padding {
  /** -1 when none was given. */
  readonly width: number;
  readonly left: boolean;
  readonly zero: boolean;
  readonly plus: boolean;
  readonly space: boolean;
}

/** What follows `%p`; the empty one is a hashed pointer, as is `K`. */
export type PointerKind = '' | 'K' | 'x' | 's' | 'S' | 'B' | 'i4' | 'I4' | 'i6' | 'I6';

/** One piece of a format: text between conversions, or a conversion of the next argument. */
export type Piece =
  | { readonly kind: 'text'; readonly start: number; readonly end: number }
  | {
      readonly kind: 'number';
      readonly padding: Padding;
      readonly base: 10 | 16;
      readonly signed: boolean;
      readonly upper: boolean;
      readonly bytes: 4 | 8;
    }
  | { readonly kind: 'pointer'; readonly padding: Padding; readonly pointer: PointerKind }
  /** `memory`: s for either kind of address, k for kernel, u for user memory. */
  | { readonly kind: 'string'; readonly padding: Padding; readonly memory: 's' | 'k' | 'u' }
  | { readonly kind: 'char'; readonly padding: Padding };

const PERCENT = 0x25;
const NO_PADDING: Padding = { width: -1, left: false, zero: false, plus: false, space: false };
/** lib/vsprintf.c: FIELD_WIDTH_MAX; larger widths are cut to it. */
const WIDTH_MAX = (1 << 23) - 1;

/**
 * Reads a format as kernel/bpf/helpers.c: bpf_bprintf_prepare does: integers with width and the flags `0+- `, strings,
 * characters, and the pointer conversions of {@link PointerKind} and `%pks`, `%pus`. Undefined (-EINVAL) for anything
 * else, or when there are more conversions than `argCount`.
 */
export function parseFormat(fmt: Uint8Array, argCount: number): readonly Piece[] | undefined {
  const parser = new FormatParser(fmt);
  return parser.run(argCount) ? parser.pieces : undefined;
}

class FormatParser {
  readonly pieces: Piece[] = [];
  private at = 0;
  private textStart = 0;

  constructor(private readonly fmt: Uint8Array) {}

  run(argCount: number): boolean {
    let used = 0;
    while (this.at < this.fmt.length) {
      const byte = this.fmt[this.at];
      if (byte < 0x80 && !isSpace(byte) && (byte < 0x20 || byte === 0x7f)) return false;
      if (byte !== PERCENT) {
        this.at++;
        continue;
      }
      this.endText();
      if (this.peek(1) === PERCENT) {
        // The second sign is the text.
        this.textStart = this.at + 1;
        this.at += 2;
        continue;
      }
      if (used++ >= argCount) return false;
      this.at++;
      const piece = this.conversion();
      if (!piece) return false;
      this.pieces.push(piece);
      this.textStart = this.at;
    }
    this.endText();
    return true;
  }

  private peek(ahead: number): number {
    return this.fmt[this.at + ahead] ?? 0;
  }

  private letter(ahead: number): string {
    return String.fromCharCode(this.peek(ahead));
  }

  private endText(): void {
    if (this.at > this.textStart) this.pieces.push({ kind: 'text', start: this.textStart, end: this.at });
  }

  private conversion(): Piece | undefined {
    const padding = this.padding();
    switch (this.letter(0)) {
      case 'p':
        return this.pointer(padding);
      case 's':
        return this.string(padding, 's', 0);
      case 'c':
        this.at++;
        return { kind: 'char', padding };
      default:
        return this.number(padding);
    }
  }

  private padding(): Padding {
    const padding = { ...NO_PADDING };
    for (; ; this.at++) {
      const flag = this.letter(0);
      if (flag === '0') padding.zero = true;
      else if (flag === '+') padding.plus = true;
      else if (flag === '-') padding.left = true;
      else if (flag === ' ') padding.space = true;
      else break;
    }
    if (!isDigit(this.peek(0))) return padding;
    let width = 0;
    while (isDigit(this.peek(0))) width = Math.min(width * 10 + this.fmt[this.at++] - 0x30, WIDTH_MAX);
    return { ...padding, width };
  }

  private pointer(padding: Padding): Piece | undefined {
    const next = this.peek(1);
    const letter = this.letter(1);
    if ((letter === 'k' || letter === 'u') && this.letter(2) === 's')
      return this.string(NO_PADDING, letter, 2);
    const plain = next === 0 || isSpace(next) || isPunct(next);
    const pointer = plain ? '' : this.pointerKind(letter);
    if (pointer === undefined) return undefined;
    this.at++;
    // vsprintf passes over all letters and digits that follow, whether it knows them or not.
    while (isAlnum(this.peek(0))) this.at++;
    return { kind: 'pointer', padding, pointer };
  }

  private pointerKind(letter: string): PointerKind | undefined {
    if (letter === 'K' || letter === 'x' || letter === 's' || letter === 'S' || letter === 'B') return letter;
    const version = this.letter(2);
    if ((letter !== 'i' && letter !== 'I') || (version !== '4' && version !== '6')) return undefined;
    return `${letter}${version}`;
  }

  /** `ahead`: from the current letter to the `s`. */
  private string(padding: Padding, memory: 's' | 'k' | 'u', ahead: number): Piece | undefined {
    const after = this.peek(ahead + 1);
    if (after !== 0 && !isSpace(after) && !isPunct(after)) return undefined;
    this.at += ahead + 1;
    return { kind: 'string', padding, memory };
  }

  private number(padding: Padding): Piece | undefined {
    let bytes: 4 | 8 = 4;
    for (let i = 0; i < 2 && this.letter(0) === 'l'; i++, this.at++) bytes = 8;
    const letter = this.letter(0);
    if (letter === '\0' || !'idxXu'.includes(letter)) return undefined;
    this.at++;
    const signed = letter === 'i' || letter === 'd';
    const base = letter === 'x' || letter === 'X' ? 16 : 10;
    return { kind: 'number', padding, base, signed, upper: letter === 'X', bytes };
  }
}
