import type { Diagnostic } from '@probed/base';

/** What a terminal takes as a command, and line ends. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029]/g;

/** Text that quotes names of a file, which may hold anything, as one line of printable characters. */
export function printable(text: string): string {
  return text.replace(CONTROL, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** A diagnostic that quotes names of a file, made {@link printable}. */
export function oneLine(fault: Diagnostic): Diagnostic {
  const { message, where } = fault;
  return { ...fault, message: printable(message), ...(where !== undefined && { where: printable(where) }) };
}
