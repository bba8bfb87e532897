import type { ObjectInfo } from '@probed/protocol';
import { formatTable } from '../output/columns';
import { formatBytes, shortTime } from '../output/facts';
import { Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { findObject } from './resolve';

/** `probectl object list`. */
export async function listObjects(options: DaemonOptions): Promise<void> {
  const { objects } = await DaemonClient.open(options).call('listObjects');
  const printer = new Printer(options.json === true);
  for (const object of objects) printer.document(object);
  printer.text(objects.length ? objectTable(objects) : 'no objects are loaded');
  await printer.drain();
}

function objectTable(objects: readonly ObjectInfo[]): string {
  return formatTable(
    [
      { title: 'ID', align: 'right' },
      { title: 'OBJECT' },
      { title: 'STATE' },
      { title: 'PROGRAMS', align: 'right' },
      { title: 'MAPS', align: 'right' },
      { title: 'LINKS', align: 'right' },
      { title: 'SIZE', align: 'right' },
      { title: 'LOADED' },
      { title: 'SHA256' },
    ],
    objects.map((object) => [
      String(object.id),
      object.name,
      object.error === undefined ? object.state : `${object.state}: ${object.error}`,
      String(object.programs.length),
      String(object.maps.length),
      String(object.links.length),
      formatBytes(object.size),
      shortTime(object.loaded_at),
      object.sha256.slice(0, 12),
    ]),
  );
}

/** `probectl object unload`. */
export async function unloadObject(wanted: string, options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const object = await findObject(client, wanted);
  await client.call('unloadObject', { params: { id: object.id } });
  const printer = new Printer(options.json === true);
  const programs = object.programs.map(({ name }) => name);
  const pinned = [...object.programs, ...object.maps, ...object.links].flatMap(
    ({ pinned: paths = [] }) => paths,
  );
  const stays = { ...(pinned.length > 0 && { pinned }) };
  printer.document({ unloaded: { object: object.name, object_id: object.id, programs, ...stays } });
  printer.text(`unloaded ${object.name} (id ${object.id}): ${programs.join(', ') || 'no programs'}`);
  if (pinned.length > 0) printer.text(`what is pinned stays: ${pinned.join(', ')}`);
}
