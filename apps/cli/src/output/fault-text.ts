import { errnoName } from '@probed/abi';
import type { Diagnostic } from '@probed/base';

/** The kernel's internal error that reaches user space as a bare number (include/linux/errno.h). */
const ENOTSUPP = 524;
/** Lines of evidence shown without `-v`. */
const LOG_TAIL_LINES = 12;

/** Name of an errno of either sign, a number when it has none. */
export function errnoText(errno: number): string {
  return Math.abs(errno) === ENOTSUPP ? 'ENOTSUPP' : (errnoName(errno) ?? String(errno));
}

/** One line: where, what, errno by name, what to do next. */
export function formatFault({ where, message, errno, hint }: Diagnostic): string {
  const place = where ? `${where}: ` : '';
  const name = errno ? errnoText(errno) : '';
  const code = name === '' || message.includes(name) ? '' : ` (${name})`;
  return `${place}${message}${code}${hint ? `; ${hint}` : ''}`.replace(/\s*\n\s*/g, ' ');
}

/** Evidence under a fault, indented; without `all` its last lines. */
export function formatLog(log: readonly string[], all: boolean): string[] {
  const shown = all ? log : log.slice(-LOG_TAIL_LINES);
  const left = log.length - shown.length;
  const note = left > 0 ? [`    … ${left} lines before these; -v shows all`] : [];
  return [...note, ...shown.map((line) => `    ${line}`.trimEnd())];
}
