import { diagnostic, err, ok, type Result } from '@probed/base';
import type { EncodeInput } from '@probed/btf';

/** Deeper nesting than any map value has. */
const DEPTH_MAX = 64;

class Malformed extends Error {
  constructor(
    message: string,
    readonly at: number,
  ) {
    super(message);
  }
}

/**
 * Parses JSON (RFC 8259) with integers kept exact: beyond 2^53 they are bigint. Errors: `json-malformed` with line and
 * column as `where`, behind `name`.
 */
export function parseJson(text: string, name: string): Result<EncodeInput> {
  try {
    return ok(new Reader(text).document());
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    const before = text.slice(0, error.at);
    const line = before.split('\n').length;
    const column = error.at - before.lastIndexOf('\n');
    return err(diagnostic('json-malformed', error.message, { where: `${name}:${line}:${column}` }));
  }
}

const BLANK = /[ \t\r\n]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const STRING = /"(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const WORDS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  document(): EncodeInput {
    const value = this.value(0);
    this.blank();
    if (this.at < this.text.length) this.fail('something follows the end of the JSON value');
    return value;
  }

  private value(depth: number): EncodeInput {
    if (depth > DEPTH_MAX) this.fail(`nested deeper than ${DEPTH_MAX} levels`);
    this.blank();
    const first = this.text[this.at];
    if (first === '{') return this.object(depth);
    if (first === '[') return this.array(depth);
    if (first === '"') return this.string();
    if (first === '-' || (first >= '0' && first <= '9')) return this.number();
    for (const [word, value] of Object.entries(WORDS)) {
      if (!this.text.startsWith(word, this.at)) continue;
      this.at += word.length;
      return value;
    }
    return this.fail('a JSON value is wanted');
  }

  private object(depth: number): EncodeInput {
    const members: Record<string, EncodeInput> = {};
    this.at++;
    if (this.take('}')) return members;
    do {
      this.blank();
      if (this.text[this.at] !== '"') this.fail('a member name in double quotes is wanted');
      const name = this.string();
      if (!this.take(':')) this.fail("':' is wanted");
      const value = this.value(depth + 1);
      // A plain member even when it is called __proto__.
      Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
    } while (this.take(','));
    if (!this.take('}')) this.fail("',' or '}' is wanted");
    return members;
  }

  private array(depth: number): EncodeInput {
    const elements: EncodeInput[] = [];
    this.at++;
    if (this.take(']')) return elements;
    do elements.push(this.value(depth + 1));
    while (this.take(','));
    if (!this.take(']')) this.fail("',' or ']' is wanted");
    return elements;
  }

  private string(): string {
    STRING.lastIndex = this.at;
    const match = STRING.exec(this.text);
    // Control characters are what the pattern lets through and JSON does not.
    if (!match || /\p{Cc}/u.test(match[0])) return this.fail('malformed string');
    this.at += match[0].length;
    return JSON.parse(match[0]) as string;
  }

  private number(): number | bigint {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.text);
    if (!match) return this.fail('malformed number');
    this.at += match[0].length;
    const value = Number(match[0]);
    const integer = match[1] === undefined && match[2] === undefined;
    return integer && !Number.isSafeInteger(value) ? BigInt(match[0]) : value;
  }

  private blank(): void {
    BLANK.lastIndex = this.at;
    this.at += BLANK.exec(this.text)?.[0].length ?? 0;
  }

  private take(char: string): boolean {
    this.blank();
    if (this.text[this.at] !== char) return false;
    this.at++;
    return true;
  }

  private fail(message: string): never {
    throw new Malformed(this.at >= this.text.length ? `${message}, but the file ends` : message, this.at);
  }
}
