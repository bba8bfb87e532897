/** A fault of the user's input: one line that says what, where, and what to do next. */
export interface Diagnostic {
  /** Stable machine-readable code, kebab-case, e.g. `elf-truncated`. */
  readonly code: string;
  /** One line, no trailing full stop. */
  readonly message: string;
  /** File, section, program, instruction: whatever narrows the place down. */
  readonly where?: string;
  /** What to do next. */
  readonly hint?: string;
  /** Linux errno that the same fault gives, positive (22 = EINVAL). */
  readonly errno?: number;
  /** Longer evidence, e.g. a verifier log, one entry a line. */
  readonly log?: readonly string[];
}

/** A value or a user's fault; a broken invariant of ours throws instead. */
export type Result<T, E = Diagnostic> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

export function diagnostic(
  code: string,
  message: string,
  more: Omit<Diagnostic, 'code' | 'message'> = {},
): Diagnostic {
  return { code, message, ...more };
}

/** One line for people: `where: message (hint)`. */
export function formatDiagnostic(d: Diagnostic): string {
  const place = d.where ? `${d.where}: ` : '';
  const hint = d.hint ? ` (${d.hint})` : '';
  return `${place}${d.message}${hint}`;
}
