import type { MapEntry, WireRecord } from '@probed/protocol';

type Explained = Pick<WireRecord, 'explained' | 'stacks'> | Pick<MapEntry, 'explained' | 'stacks'>;
type Frame = NonNullable<MapEntry['stacks']>[string][number];

/** Frames that a cell shows. */
const FRAMES_MAX = 3;

/** What a member means, when the record or entry says so: `O_RDONLY|O_CLOEXEC`, `10.0.0.1`, the top of a stack. */
export function explainedText({ explained, stacks }: Explained, path: string): string | undefined {
  const text = explained?.[path];
  if (text !== undefined) return text;
  const frames = stacks?.[path];
  if (!frames) return undefined;
  const shown = frames.slice(0, FRAMES_MAX).map(frameText);
  return [...shown, ...(frames.length > FRAMES_MAX ? ['…'] : [])].join(' < ');
}

/** `vfs_read+0x1a`, or the bare address. */
export function frameText({ address, symbol, offset = 0, module }: Frame): string {
  if (symbol === undefined) return address;
  return `${symbol}+0x${offset.toString(16)}${module === undefined ? '' : ` (${module})`}`;
}
