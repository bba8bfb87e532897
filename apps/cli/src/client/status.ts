import type { Health } from '@probed/protocol';
import { counted, formatBytes, formatFacts, formatSeconds, shortTime } from '../output/facts';
import { Printer } from '../output/printer';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';

/** A kernel that keeps up is always some ms behind. */
const LAG_MS_SHOWN = 100;

/** `probectl status`. */
export async function showStatus(options: DaemonOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const health = await client.call('health');
  const printer = new Printer(options.json === true);
  printer.document(health);
  printer.text(statusText(health, client.address.url));
}

function statusText(health: Health, url: string): string {
  const { kernel, store, stream, records } = health;
  return formatFacts([
    ['status', health.status],
    ['daemon', `probed ${health.version}, pid ${health.pid}, ${url}, up ${formatSeconds(health.uptime_s)}`],
    ['kernel', kernelText(kernel)],
    ['release', releaseText(kernel)],
    ['last error', kernel.last_error],
    ['memory', formatBytes(kernel.memory_bytes)],
    ['store', storeText(store)],
    [
      'stream',
      `${counted(stream.clients, 'client')}, ${counted(stream.subscriptions, 'subscription')}${some(stream.dropped, 'dropped')}`,
    ],
    [
      'records',
      `${records.total}, ${records.per_second.toFixed(1)}/s${some(records.lost, 'lost in full buffers')}`,
    ],
  ]);
}

function kernelText(kernel: Health['kernel']): string {
  const busy = kernel.state === 'busy' ? ` for ${formatSeconds(kernel.busy_ms / 1e3)}` : '';
  const lag = kernel.lag_ms >= LAG_MS_SHOWN ? `, ${formatSeconds(kernel.lag_ms / 1e3)} behind` : '';
  const restarts = kernel.restarts ? `, ${counted(kernel.restarts, 'restart')}` : '';
  return `${kernel.state}${busy}, boot ${kernel.boot} of ${shortTime(kernel.booted_at)}${restarts}${lag}`;
}

function releaseText({ release, btf }: Health['kernel']): string | undefined {
  return release && (btf === undefined ? release : `${release}, with the layout of ${btf}`);
}

function storeText(store: Health['store']): string {
  const error = store.error === undefined ? '' : ` (${store.error})`;
  const queued = store.queued ? `, ${store.queued} of ${store.queue_max} waiting` : '';
  const what = `${store.file}, ${formatBytes(store.file_bytes)}, ${counted(store.records, 'record')}`;
  return `${store.state}${error}, ${what}${queued}${some(store.dropped, 'dropped')}`;
}

function some(count: number, what: string): string {
  return count ? `, ${count} ${what}` : '';
}
