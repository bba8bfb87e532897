/** A member of a variable that a line of C names: `event.comm`, `e->args[0]`. */
export interface NamedMember {
  readonly variable: string;
  /** `comm`, `id.pid`; indexes are left out. */
  readonly path: string;
  /** An element of it is meant: `callers[1]`. */
  readonly indexed: boolean;
  /** The line gives it a value, or passes it to a function that does. */
  readonly role: 'assigned' | 'passed';
}

/** Lines longer than this are generated, and tell nothing. */
const LINE_CHARS_MAX = 512;
const MEMBER = String.raw`([A-Za-z_]\w*)\s*(?:->|\.)\s*([A-Za-z_]\w*(?:\s*(?:->|\.|\[[^\]]*\])\s*\w*)*)`;
const ASSIGNED = new RegExp(String.raw`^[\s{(*]*${MEMBER}\s*(?:[-+|&^]|<<|>>)?=(?!=)`);
const PASSED = new RegExp(String.raw`[(,]\s*(?:\([^()]*\)\s*)?&?\s*\(?${MEMBER}\s*\)?\s*[,+)]`, 'g');

/** The member that a line assigns to, when it is an assignment. */
export function assignedMember(line: string): NamedMember | undefined {
  if (line.length > LINE_CHARS_MAX) return undefined;
  // `if (…) e->x = 1;` and `for (…) e->x = 1;` assign as well.
  const statement = line.replace(/^\s*(?:\}?\s*else\s+)?(?:if|for|while)\s*\(.*?\)\s*(?=[A-Za-z_(*])/, '');
  const match = ASSIGNED.exec(statement);
  return match ? named(match[1], match[2], 'assigned') : undefined;
}

/** Members that a line passes to functions, in order. */
export function passedMembers(line: string): NamedMember[] {
  if (line.length > LINE_CHARS_MAX) return [];
  // `sizeof(e->comm)` passes a number.
  const text = line.replace(/sizeof\s*\([^()]*\)/g, '0');
  return [...text.matchAll(PASSED)].flatMap((match) => named(match[1], match[2], 'passed') ?? []);
}

function named(variable: string, rest: string, role: NamedMember['role']): NamedMember | undefined {
  const indexed = /\]\s*$/.test(rest.trim());
  const path = rest
    .replace(/\[[^\]]*\]/g, '')
    .replace(/\s/g, '')
    .replace(/->/g, '.')
    .replace(/\.+$/, '');
  return path === '' ? undefined : { variable, path, indexed, role };
}

/** Struct names that a line mentions with a variable: `struct event *e = …` gives `e` → `event`. */
export function declaredStruct(
  line: string,
): { readonly variable: string; readonly struct: string } | undefined {
  if (line.length > LINE_CHARS_MAX) return undefined;
  const match = /\b(?:struct|union)\s+(\w+)\s*\*?\s*(?:const\s+)?([A-Za-z_]\w*)\s*(?:[=;,]|$)/.exec(line);
  return match ? { struct: match[1], variable: match[2] } : undefined;
}

/** Names in `sizeof(struct event)` or `sizeof(event_t)` of a line; variables among them name no type. */
export function measuredTypes(line: string): string[] {
  if (line.length > LINE_CHARS_MAX) return [];
  return [...line.matchAll(/sizeof\s*\(?\s*(?:struct\s+|union\s+)?([A-Za-z_]\w*)\s*\)?/g)].map(
    (match) => match[1],
  );
}
