import type { JsonValue } from '@probed/btf';
import type { MapContents, MapEntry, MapInfo } from '@probed/protocol';
import type { MapDocument } from '../output/documents';
import { type MapTextLimits, mapText } from '../output/map-text';

const LAYOUT = { btf: undefined, maps: new Map(), byValue: true };
/** Who asks for one map wants to see it; a screenful of screens is enough for people. */
const LIMITS: MapTextLimits = { rows: 1_000, stacks: 200 };

/** What a map holds on one node, as the end of a run shows it. */
export function contentsText(map: MapInfo, contents: MapContents): string {
  if (contents.kind === 'buffer') {
    return `${contents.node}: map ${map.name} (${map.type}): a buffer; its records: probectl trace --map ${map.name}`;
  }
  const { entries, stacks, variables, zero_entries: zero } = contents;
  const document: MapDocument = {
    type: 'map',
    object: contents.node,
    map: `${map.object}/${map.name}`,
    map_type: map.type,
    max_entries: map.max_entries,
    ...(entries && { entries: entries.map(typedEntry) }),
    ...(zero !== undefined && { zero_entries: zero }),
    ...(stacks && {
      stacks: stacks.map(({ id, frames }) => ({
        id,
        frames: frames.map(({ address, ...frame }) => ({ ip: address, ...frame })),
      })),
    }),
    ...(variables && {
      variables: variables.map(({ name, value }) => ({ name, value: value as JsonValue })),
    }),
  };
  const more = contents.truncated ? '\n… and more entries than were asked for: --limit N reads more' : '';
  return mapText(document, LAYOUT, LIMITS).replace(/^\n/, '') + more;
}

/** An entry of the wire as the tables take it. */
function typedEntry({ key, value, values, sum }: MapEntry) {
  return {
    key: key as JsonValue,
    ...(value !== undefined && { value: value as JsonValue }),
    ...(values && { values: values as JsonValue[] }),
    ...(sum !== undefined && { sum }),
  };
}
