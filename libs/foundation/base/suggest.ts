const SUGGESTIONS_MAX = 3;
const NAME_LENGTH_MAX = 64;

/** The names nearest to what was typed, best first; none when nothing is near. */
export function nearest(typed: string, names: Iterable<string>): string[] {
  const wanted = typed.slice(0, NAME_LENGTH_MAX).toLowerCase();
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  const scored: { name: string; distance: number }[] = [];
  for (const name of new Set(names)) {
    const other = name.slice(0, NAME_LENGTH_MAX).toLowerCase();
    const contains = wanted.length > 2 && (other.includes(wanted) || isMostOf(other, wanted));
    // The distance is at least the difference in length.
    if (!contains && Math.abs(wanted.length - other.length) > limit) continue;
    const distance = contains ? 1 : editDistance(wanted, other, limit);
    if (distance <= limit) scored.push({ name, distance });
  }
  scored.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1));
  return scored.slice(0, SUGGESTIONS_MAX).map(({ name }) => name);
}

const LISTED_MAX = 8;

/** What to say to someone who gave a name that does not exist: the nearest ones, else what there is. */
export function suggestion(typed: string, names: readonly string[]): string | undefined {
  const near = nearest(typed, names);
  if (near.length) return `did you mean ${near.join(' or ')}?`;
  if (names.length === 0) return undefined;
  return `known: ${names.slice(0, LISTED_MAX).join(', ')}${names.length > LISTED_MAX ? ', …' : ''}`;
}

function isMostOf(part: string, whole: string): boolean {
  return 2 * part.length >= whole.length && whole.includes(part);
}

/** Levenshtein distance; some number above `limit` when it is above that. */
function editDistance(a: string, b: string, limit: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const distance = Math.min(substitute, row[j] + 1, next[j - 1] + 1);
      next.push(distance);
      if (distance < least) least = distance;
    }
    // Rows never get smaller.
    if (least > limit) return least;
    row = next;
  }
  return row[b.length];
}
