import type { JsonValue } from '@probed/btf';
import { formatStackFrame, type StackFrame } from '@probed/machine';
import { printable } from './cells';
import type { MemberColumn } from './member-columns';
import { memberCell } from './member-columns';

/** What is said of a value beside its numbers, by path. */
export interface Explained {
  readonly explained?: Readonly<Record<string, string>>;
  readonly stacks?: Readonly<Record<string, readonly StackFrame[]>>;
}

/** Frames that a cell shows. */
const FRAMES_MAX = 3;

/**
 * The text of a column: what its value means where that is known, `-` where the other member of a union of addresses
 * is the one that holds, else the value.
 * @param prefix what the paths of explanations begin with, e.g. `key.`
 */
export function explainedCell(
  column: MemberColumn,
  value: JsonValue | undefined,
  { explained, stacks }: Explained,
  prefix = '',
): string {
  const path = (prefix + column.path.join('.')).replace(/\.$/, '');
  const text = explained?.[path];
  if (text !== undefined) return printable(text);
  const frames = stacks?.[path];
  if (frames) return framesText(frames);
  const counterpart = path.replace(/[46]$/, (digit) => (digit === '4' ? '6' : '4'));
  if (counterpart !== path && explained?.[counterpart] !== undefined) return '-';
  return memberCell(column, value);
}

/** `vfs_read+0x1a < ksys_read+0x5 < …`, innermost first. */
function framesText(frames: readonly StackFrame[]): string {
  const shown = frames.slice(0, FRAMES_MAX).map((frame) => printable(formatStackFrame(frame)));
  return [...shown, ...(frames.length > FRAMES_MAX ? ['…'] : [])].join(' < ');
}
