import type { Btf } from '@probed/btf';
import type { EventTag, EventType } from '../event-types';
import type { FieldEvidence, RecordSite } from './record-sites';

const MEMBERS_MAX = 512;
const NESTING_MAX = 4;

/**
 * How many of the members that the code names lie in a type where the code writes them, by the last name of their
 * path: a header that a pointer of its own leads to is nested in the record.
 */
export function agreement(
  { btf, typeId }: Pick<EventType, 'btf' | 'typeId'>,
  fields: readonly FieldEvidence[],
): { readonly hits: number; readonly named: number } {
  const leaves = new Set<string>();
  collectLeaves(btf, typeId, 0, 0, leaves);
  const named = new Map<string, boolean>();
  for (const { offset, names } of fields)
    for (const { member } of names) {
      const hit = leaves.has(`${offset} ${member.path.split('.').at(-1)}`);
      named.set(member.path, hit || named.get(member.path) === true);
    }
  return { hits: [...named.values()].filter(Boolean).length, named: named.size };
}

/** `OFFSET NAME` of every member, nested ones and elements' starts included. */
function collectLeaves(btf: Btf, typeId: number, start: number, depth: number, into: Set<string>): void {
  const type = btf.resolve(typeId);
  if ((type.kind !== 'struct' && type.kind !== 'union') || depth > NESTING_MAX) return;
  for (const { name, typeId: memberType, offsetBits } of type.members) {
    if (into.size >= MEMBERS_MAX) return;
    const offset = start + Math.floor(offsetBits / 8);
    if (name !== '') into.add(`${offset} ${name}`);
    collectLeaves(btf, memberType, offset, depth + 1, into);
  }
}

/**
 * Constants that all records of some sites bear, each at a place where every other group of sites writes other
 * constants only: `e->type = EVENT_EXEC`.
 */
export function discriminators(
  own: readonly RecordSite[],
  others: readonly (readonly RecordSite[])[],
): EventTag[] {
  const theirs = others.map(constantsOf);
  return [...constantsOf(own)].flatMap(([place, values]) => {
    const apart = theirs.every((group) => {
      const held = group.get(place);
      return held && [...held].every((value) => !values.has(value));
    });
    if (!apart || values.size !== 1) return [];
    const [offset, bytes] = place.split(':').map(Number);
    const [value] = values;
    return [{ offset, bytes, value }];
  });
}

/** Values by place, `OFFSET:BYTES`, where every site stores constants only under a member's name. */
function constantsOf(sites: readonly RecordSite[]): Map<string, Set<number>> {
  const common = new Map<string, Set<number>>();
  for (const [i, site] of sites.entries()) {
    const own = siteConstants(site);
    for (const [place, values] of own) {
      if (i === 0) common.set(place, values);
      else for (const value of values) common.get(place)?.add(value);
    }
    for (const place of [...common.keys()]) if (!own.has(place)) common.delete(place);
  }
  return common;
}

function siteConstants({ fields }: RecordSite): Map<string, Set<number>> {
  const values = new Map<string, Set<number>>();
  const varying = new Set<string>();
  for (const { offset, bytes, as, constant, names } of fields) {
    if (names.length === 0 && constant === 0) continue;
    const place = `${offset}:${bytes}`;
    if (as !== 'store' || constant === undefined || constant < 0) varying.add(place);
    else values.set(place, (values.get(place) ?? new Set()).add(constant));
  }
  for (const place of varying) values.delete(place);
  return values;
}
