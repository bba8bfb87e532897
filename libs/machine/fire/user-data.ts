import { ok, type Result, writeI64 } from '@probed/base';
import { placeUserBytes } from '@probed/system';
import type { FireContext, FireSite } from './fire-context';
import { type HookValue, Pointer } from './pointer';
import { argumentFault, exactWord, shown } from './words';

const POINTER_BYTES = 8;
/** argv of execve and the like: more would not fit a real argument list either. */
const LIST_MAX = 65_536;

/**
 * Puts what user space would point to into the task's memory: text with its NUL, bytes as they are, and lists as
 * arrays of pointers that end with NULL (`argv`). Other values stay what they are.
 */
export function placedInUser(
  context: FireContext,
  value: HookValue,
  where: string,
  site: FireSite,
): Result<HookValue> {
  if (typeof value === 'string') return place(context, new TextEncoder().encode(`${value}\0`), where, site);
  if (value instanceof Uint8Array) return place(context, value, where, site);
  if (!Array.isArray(value)) return ok(value);
  const list = value as readonly HookValue[];
  if (list.length > LIST_MAX) return argumentFault(`${list.length} elements are too many`, where);
  const bytes = new Uint8Array((list.length + 1) * POINTER_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, item] of list.entries()) {
    const at = `${where}[${i}]`;
    const placed = placedInUser(context, item, at, site);
    if (!placed.ok) return placed;
    const word = addressWord(placed.value);
    if (word === undefined) return argumentFault(`${shown(item)} can't be pointed to`, at);
    writeI64(view, i * POINTER_BYTES, word);
  }
  return place(context, bytes, where, site);
}

function place(context: FireContext, bytes: Uint8Array, where: string, site: FireSite): Result<HookValue> {
  const address = placeUserBytes(context.machine.kernel, site.task, bytes);
  return address === undefined ? argumentFault('the task has no user memory for it', where) : ok(address);
}

function addressWord(value: HookValue): number | undefined {
  if (value === null) return 0;
  if (value instanceof Pointer) return exactWord(value.address);
  return typeof value === 'number' || typeof value === 'bigint' ? exactWord(BigInt(value)) : undefined;
}
