import type { Link } from '@probed/machine';
import type { LinkText } from '@probed/protocol';
import { CommandRefused } from '../threads/rpc';
import type { LinkEntry } from './object-table';
import { refuse } from './refuse';

const EINVAL = 22;
/** Text of one node that a reading gives at most, bytes. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

/** Runs an iterator on one node. @throws CommandRefused `not-an-iterator`, or what ends it early */
export function readLink(
  node: string,
  { id, hook }: LinkEntry,
  { attachment }: Link,
): LinkText['nodes'][number] {
  if (!attachment.read)
    return refuse('not-an-iterator', `link ${id} (${hook}) is no iterator: there is nothing to read`, {
      errno: EINVAL,
      hint: 'programs of SEC("iter/…") are',
    });
  const decoder = new TextDecoder();
  const reading = attachment.read();
  let text = '';
  for (let bytes = 0; ; ) {
    const step = reading.next();
    if (step.done) {
      if (step.value) throw new CommandRefused({ ...step.value, where: step.value.where ?? `node ${node}` });
      return { node, text: text + decoder.decode() };
    }
    bytes += step.value.length;
    text += decoder.decode(step.value, { stream: true });
    if (bytes > TEXT_BYTES_MAX) return { node, text, truncated: true };
  }
}
