/** Text attributes by name, as SGR parameters (ECMA-48 §8.3.117). */
const SGR = { dim: '2', bold: '1', red: '31', green: '32', yellow: '33', cyan: '36', magenta: '35' } as const;

export type Attribute = keyof typeof SGR;

/** Wraps text in attributes; gives it back as it is where the output takes no colours. */
export type Paint = (text: string, ...attributes: Attribute[]) => string;

export const plain: Paint = (text) => text;

export const coloured: Paint = (text, ...attributes) =>
  `\x1b[${attributes.map((name) => SGR[name]).join(';')}m${text}\x1b[0m`;

/** Colours on a terminal only, and not where https://no-color.org asks for none. */
export function paintFor(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  return isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? coloured : plain;
}

const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' };

/** Text of programs and shells is not to be trusted: control characters and terminal escapes show as `\xNN`. */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (char) => ESCAPES[char] ?? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
