import { errnoName, strerror } from '@probed/abi';
import { type Diagnostic, diagnostic, formatDiagnostic, type Result } from '@probed/base';

/** Lines of a verifier log that a message ends with; the whole is in {@link ProbedError.log}. */
const LOG_LINES_SHOWN = 12;

/**
 * What every call of this library throws when the caller, or an object file, is at fault: one line that says what,
 * where and what to do next, and for a program that was refused the end of the kernel's log.
 */
export class ProbedError extends Error {
  override readonly name = 'ProbedError';
  /** Stable and machine-readable, kebab-case, e.g. `no-such-hook`, `verifier-rejected`, `elf-malformed`. */
  readonly code: string;
  /** What Linux would give, positive (2 = ENOENT); undefined where Linux has no say. */
  readonly errno: number | undefined;
  /** `ENOENT` for errno 2. */
  readonly errnoName: string | undefined;
  /** File, section, program, map, argument. */
  readonly where: string | undefined;
  /** What to do next, e.g. the nearest names. */
  readonly hint: string | undefined;
  /** The verifier's log as the kernel prints it, a line each; empty for other faults. */
  readonly log: readonly string[];

  /** @internal */
  constructor(fault: Diagnostic) {
    super(messageOf(fault));
    this.code = fault.code;
    this.errno = fault.errno;
    this.errnoName = fault.errno === undefined ? undefined : errnoName(fault.errno);
    this.where = fault.where;
    this.hint = fault.hint;
    this.log = fault.log ?? [];
  }
}

function messageOf(fault: Diagnostic): string {
  const line = formatDiagnostic(fault);
  const { log = [] } = fault;
  if (log.length === 0) return line;
  const left = log.length - LOG_LINES_SHOWN;
  const shown = log.slice(-LOG_LINES_SHOWN).map((text) => `  ${text}`);
  const more = left > 0 ? [`  … ${left} lines before, see error.log`] : [];
  return [line, ...more, ...shown].join('\n');
}

/** @internal The value, or the fault thrown. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new ProbedError(result.error);
}

/** @internal Throws a fault of the caller's. */
export function fail(code: string, message: string, more: Omit<Diagnostic, 'code' | 'message'> = {}): never {
  throw new ProbedError(diagnostic(code, message, more));
}

/** @internal Throws when a call of bpf(2) answers a negative errno. */
export function check(result: number, what: string, code: string): void {
  if (result >= 0) return;
  const name = errnoName(-result);
  fail(code, `${what}: ${strerror(-result)}${name ? ` (${name})` : ''}`, { errno: -result });
}
