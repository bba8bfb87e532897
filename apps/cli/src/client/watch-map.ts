import type { JsonValue } from '@probed/btf';
import type { MapEntry, MapInfo, MapMessage } from '@probed/protocol';
import { plainCell } from '../output/cells';
import { Printer } from '../output/printer';
import { clockTime } from '../output/record-table';
import { DaemonClient } from './daemon-client';
import { Ending } from './ending';
import { follow } from './follow';
import { contentsText } from './map-contents';
import type { OnNodeOptions } from './maps';
import { findMap } from './resolve';

export interface WatchMapOptions extends OnNodeOptions {
  /** Between two looks, ns. */
  readonly interval?: number;
  /** Wall time to watch, ns. */
  readonly for?: number;
}

/** `probectl map watch`: the contents, then what changes. */
export async function watchMap(wanted: string, options: WatchMapOptions): Promise<void> {
  const { node, interval } = options;
  const map = await findMap(DaemonClient.open(options), wanted);
  const printer = new Printer(options.json === true);
  const ending = new Ending(options.for);
  try {
    await follow<MapMessage>(options, {
      event: 'map',
      request: () => ({
        kind: 'map',
        map: String(map.id),
        ...(node !== undefined && { node }),
        ...(interval !== undefined && { interval_ms: Math.round(interval / 1e6) }),
      }),
      take: async (message) => {
        printer.document(message);
        if (!printer.json) for (const line of messageLines(map, message)) printer.text(line);
        await printer.drain();
      },
      end: ending.signal,
      resumes: true,
    });
  } finally {
    ending.dispose();
  }
}

function messageLines(map: MapInfo, { snapshot, nodes }: MapMessage): string[] {
  if (snapshot) return nodes.map((contents) => `${contentsText(map, contents)}\n`);
  return nodes.flatMap(({ node, time, entries = [], removed = [], variables = [] }) => {
    const line = (sign: string, text: string) => `${clockTime(time)} ${node} ${sign} ${text}`;
    return [
      ...removed.map((key) => line('-', plainCell(key as JsonValue))),
      ...entries.map((entry) => line('+', `${plainCell(entry.key as JsonValue)} = ${valueText(entry)}`)),
      ...variables.map(({ name, value }) => line('+', `${name} = ${plainCell(value as JsonValue)}`)),
    ];
  });
}

function valueText({ value, values, sum }: MapEntry): string {
  if (sum !== undefined) return `${sum} ${plainCell(values as JsonValue)}`;
  return plainCell((value ?? values) as JsonValue);
}
