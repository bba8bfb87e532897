import type { Batch } from '@probed/protocol';
import { note, Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { Ending } from './ending';
import { follow } from './follow';
import { traceLineText } from './record-printer';

export interface LiveTracelogOptions extends DaemonOptions {
  /** Wall time, ns. */
  readonly for?: number;
}

/** `probectl prog tracelog` of the daemon: bpf_printk lines of all nodes as they come. */
export async function liveTracelog(options: LiveTracelogOptions): Promise<void> {
  const printer = new Printer(options.json === true);
  const ending = new Ending(options.for);
  try {
    await follow<Batch>(options, {
      event: 'batch',
      request: () => ({ kind: 'trace' }),
      take: async ({ items, dropped }) => {
        if (dropped > 0) note(`${dropped} line${dropped === 1 ? '' : 's'} dropped: not taken in time`);
        for (const item of items) {
          if (item.type !== 'trace') continue;
          printer.text(traceLineText(item));
          printer.document(item);
        }
        await printer.drain();
      },
      end: ending.signal,
      resumes: false,
    });
  } finally {
    ending.dispose();
  }
}
