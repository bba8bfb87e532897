/** Helpers that run a subprogram before they return (`is_sync_callback_calling_function`). */
const SYNC: ReadonlySet<number> = new Set([
  164, // for_each_map_elem
  180, // find_vma
  181, // loop
  209, // user_ringbuf_drain
]);

/** Helpers that keep a subprogram to run later (`is_async_callback_calling_function`). */
const ASYNC: ReadonlySet<number> = new Set([
  170, // timer_set_callback
]);

export function isSyncCallbackHelper(id: number): boolean {
  return SYNC.has(id);
}

export function isAsyncCallbackHelper(id: number): boolean {
  return ASYNC.has(id);
}
