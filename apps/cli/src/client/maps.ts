import type { MapContents, MapInfo, MapLookup } from '@probed/protocol';
import { formatTable } from '../output/columns';
import { formatFacts } from '../output/facts';
import { Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { type ListOptions, pinnedText } from './links';
import { contentsText, type MapView } from './map-contents';
import { findMap } from './resolve';
import { wireValue } from './wire-value';

/** `probectl map list`. */
export async function listMaps(options: ListOptions): Promise<void> {
  const { maps } = await DaemonClient.open(options).call('listMaps');
  const printer = new Printer(options.json === true);
  for (const map of maps) printer.document(map);
  printer.text(maps.length ? mapTable(maps, options.bpffs === true) : 'there are no maps');
  await printer.drain();
}

function mapTable(maps: readonly MapInfo[], bpffs: boolean): string {
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'MAP' },
      { title: 'TYPE' },
      { title: 'OBJECT' },
      { title: 'KEY', align: 'right' },
      { title: 'VALUE', align: 'right' },
      { title: 'MAX', align: 'right' },
      { title: 'NODES' },
      ...(bpffs ? [{ title: 'PINNED' }] : []),
    ],
    maps.map((map) => [
      String(map.id),
      map.name,
      map.type,
      map.object,
      String(map.key_size),
      String(map.value_size),
      String(map.max_entries),
      map.nodes.join(','),
      ...(bpffs ? [pinnedText(map)] : []),
    ]),
  );
}

/** `probectl map show`. */
export async function showMap(wanted: string, options: DaemonOptions): Promise<void> {
  const map = await findMap(DaemonClient.open(options), wanted);
  const printer = new Printer(options.json === true);
  printer.document(map);
  printer.text(
    formatFacts([
      ['id', String(map.id)],
      ['map', map.name],
      ['type', map.type],
      ['object', `${map.object} (id ${map.object_id})`],
      ['key', `${map.key_size} bytes`],
      ['value', `${map.value_size} bytes`],
      ['max entries', String(map.max_entries)],
      ['flags', `0x${map.flags.toString(16)}`],
      ['internal', map.internal ? "yes, the object's variables" : undefined],
      ['nodes', map.nodes.join(', ')],
      ['pinned', map.pinned?.join(', ')],
    ]),
  );
}

export interface OnNodeOptions extends DaemonOptions {
  readonly node?: string;
}

export interface DumpMapOptions extends OnNodeOptions, MapView {
  readonly limit?: number;
}

/** `probectl map dump`. */
export async function dumpMap(wanted: string, options: DumpMapOptions): Promise<void> {
  const { node, limit } = options;
  const client = DaemonClient.open(options);
  const { id } = await findMap(client, wanted);
  const query = { ...(node !== undefined && { node }), ...(limit !== undefined && { limit }) };
  const dump = await client.call('dumpMap', { params: { id }, query });
  const printer = new Printer(options.json === true);
  printer.document(dump);
  printer.text(
    dump.nodes
      .map((contents) => contentsText(dump.map, contents, options))
      .join(options.folded ? '\n' : '\n\n'),
  );
  await printer.drain();
}

/** `probectl map lookup`. */
export async function lookupMap(wanted: string, key: string, options: OnNodeOptions): Promise<void> {
  const { node } = options;
  const client = DaemonClient.open(options);
  const map = await findMap(client, wanted);
  const query = { key: JSON.stringify(wireValue(key)), ...(node !== undefined && { node }) };
  printLookup(map, await client.call('lookupMap', { params: { id: map.id }, query }), options);
}

function printLookup(map: MapInfo, lookup: MapLookup, options: DaemonOptions): void {
  const printer = new Printer(options.json === true);
  printer.document(lookup);
  const text = lookup.entries.map(({ node, ...entry }) => {
    const contents: MapContents = { node, time: '', kind: 'entries', entries: [entry] };
    return contentsText(map, contents);
  });
  printer.text(text.join('\n\n'));
}

export interface UpdateMapOptions extends OnNodeOptions {
  readonly flags: 'any' | 'noexist' | 'exist';
}

/** `probectl map update`. */
export async function updateMap(
  wanted: string,
  key: string,
  value: string,
  options: UpdateMapOptions,
): Promise<void> {
  const { node, flags } = options;
  const client = DaemonClient.open(options);
  const map = await findMap(client, wanted);
  const body = { key: wireValue(key), value: wireValue(value), flags, ...(node !== undefined && { node }) };
  printLookup(map, await client.call('updateMap', { params: { id: map.id }, body }), options);
}

/** `probectl map delete`. */
export async function deleteMapEntry(wanted: string, key: string, options: OnNodeOptions): Promise<void> {
  const { node } = options;
  const client = DaemonClient.open(options);
  const map = await findMap(client, wanted);
  const wire = wireValue(key);
  const query = { key: JSON.stringify(wire), ...(node !== undefined && { node }) };
  await client.call('deleteMapEntry', { params: { id: map.id }, query });
  const printer = new Printer(options.json === true);
  printer.document({ deleted: { map: map.name, map_id: map.id, key: wire } });
  printer.text(`deleted ${JSON.stringify(wire)} from ${map.object}/${map.name}`);
}
