import type { JsonValue } from '@probed/btf';
import type { Histogram, StackFrame, TypedEntry } from '@probed/machine';
import type { MapContents, MapEntry, MapInfo } from '@probed/protocol';
import type { MapDocument } from '../output/documents';
import { foldedLines } from '../output/folded-stacks';
import { type MapTextLimits, mapText } from '../output/map-text';

/** How a dump is shown. */
export interface MapView {
  /** Stacks in one line each, for flame graphs. */
  readonly folded?: boolean;
  /** The values of every CPU rather than their sum. */
  readonly perCpu?: boolean;
}

const LAYOUT = { btf: undefined, maps: new Map(), byValue: true };
/** Who asks for one map wants to see it; a screenful of screens is enough for people. */
const LIMITS: MapTextLimits = { rows: 1_000, stacks: 200 };

type WireStacks = NonNullable<MapEntry['stacks']>;
type WireFrame = WireStacks[string][number];

function typedFrame({ address, ...frame }: WireFrame): StackFrame {
  return { ip: address, ...frame };
}

/** Stacks of the wire by path. */
export function typedStacks(stacks: WireStacks): Record<string, StackFrame[]> {
  return Object.fromEntries(Object.entries(stacks).map(([path, frames]) => [path, frames.map(typedFrame)]));
}

/** What a map holds on one node, as the end of a run shows it. */
export function contentsText(map: MapInfo, contents: MapContents, view: MapView = {}): string {
  if (contents.kind === 'buffer') {
    return `${contents.node}: map ${map.name} (${map.type}): a buffer; its records: probectl trace --map ${map.name}`;
  }
  const { entries, stacks, variables, histograms, zero_entries: zero } = contents;
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
        frames: frames.map(typedFrame),
      })),
    }),
    ...(histograms && { histograms: histograms as Histogram[] }),
    ...(variables && {
      variables: variables.map(({ name, value }) => ({ name, value: value as JsonValue })),
    }),
  };
  if (view.folded) return foldedLines(document.entries ?? []).join('\n');
  const more = contents.truncated ? '\n… and more entries than were asked for: --limit N reads more' : '';
  return mapText(document, LAYOUT, { ...LIMITS, perCpu: view.perCpu === true }).replace(/^\n/, '') + more;
}

/** An entry of the wire as the tables take it. */
function typedEntry({ key, value, values, sum, merged, explained, stacks }: MapEntry): TypedEntry {
  return {
    key: key as JsonValue,
    ...(value !== undefined && { value: value as JsonValue }),
    ...(values && { values: values as JsonValue[] }),
    ...(sum !== undefined && { sum }),
    ...(merged !== undefined && { merged: merged as JsonValue }),
    ...(explained && { explained }),
    ...(stacks && { stacks: typedStacks(stacks) }),
  };
}
