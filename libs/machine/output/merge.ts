/**
 * Puts several lists into one by time. The order within a list stays, even where its times step back a little: a
 * buffer's order is that of its reservations, and clocks of CPUs differ.
 * @param timeOf ns; 0 for what has no time, which stays behind what comes before it
 */
export function mergeByTime<T>(lists: readonly (readonly T[])[], timeOf: (item: T) => number): readonly T[] {
  const filled = lists.filter((list) => list.length > 0);
  if (filled.length <= 1) return filled[0] ?? [];
  const keyed: { readonly at: number; readonly item: T }[] = [];
  for (const list of filled) {
    let at = 0;
    for (const item of list) {
      at = Math.max(at, timeOf(item));
      keyed.push({ at, item });
    }
  }
  return keyed.sort((a, b) => a.at - b.at).map(({ item }) => item);
}
