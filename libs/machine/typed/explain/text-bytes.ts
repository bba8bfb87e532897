import type { LeafMember } from './leaf-members';

const TEXT_NAMES =
  /(^|_)(comm|task|name|fname|filename|file|path|pathname|str|string|cmd|cmdline|msg|text|line|host|argv?s?|data|payload|buf(fer)?|disk|label)$/;
const ARGUMENT_NAMES = /^(args?|argv|cmdline|cmd)$/;
const LENGTH_SUFFIX = /^(.*_)?(size|len|length|bytes)$/;

/** True for arrays of bytes that hold text by their name; whether they do is seen by their bytes. */
export function mayBeText({ name, type, typeNames, bytes }: LeafMember, isByteArray: boolean): boolean {
  return (
    type.kind === 'array' && isByteArray && !typeNames.includes('char') && bytes > 1 && TEXT_NAMES.test(name)
  );
}

/** Printable ASCII up to a NUL with nothing but NULs behind, else undefined. */
export function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end <= 0) return undefined;
  let text = '';
  for (let i = 0; i < bytes.length; i++) {
    if (i < end && (bytes[i] < 0x20 || bytes[i] > 0x7e)) return undefined;
    if (i > end && bytes[i] !== 0) return undefined;
    if (i < end) text += String.fromCharCode(bytes[i]);
  }
  return text;
}

/** The member beside an array of NUL-separated arguments that says how many bytes of it are used. */
export function argumentsLength(member: LeafMember): string | undefined {
  const { name, siblings } = member;
  if (!ARGUMENT_NAMES.test(name)) return undefined;
  return [...siblings].find((sibling) => sibling.startsWith(name) && LENGTH_SUFFIX.test(sibling));
}

/** Strings that are separated by NULs, as a shell would take them; undefined when there is only one. */
export function argumentsText(bytes: Uint8Array): string | undefined {
  const last = bytes.findLastIndex((byte) => byte !== 0);
  const words = new TextDecoder().decode(bytes.slice(0, last + 1)).split('\0');
  return words.length > 1 ? words.map(quoted).join(' ') : undefined;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** A single `char`, which is a letter rather than a number. */
export function isChar({ type, typeNames, bits }: LeafMember): boolean {
  return type.kind === 'int' && type.size === 1 && bits === 0 && (type.char || typeNames.includes('char'));
}

/** `'R'` of 82, for what can be printed. */
export function charText(value: number): string | undefined {
  return value >= 0x20 && value <= 0x7e ? `'${String.fromCharCode(value)}'` : undefined;
}
