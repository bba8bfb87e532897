/**
 * The store thread: SQLite away from the API and from the emulated kernel. What it has answered is committed, so that
 * it may die at any time.
 */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { formatDiagnostic } from '@probed/base';
import type { StoreBoot, StoreClose, StoreNote } from '../store/messages';
import { CommandRefused, serveRpc } from '../threads/rpc';
import { KeptStore } from './kept-store';
import { storeHandlers } from './store-server';

function main(port: MessagePort, boot: StoreBoot): void {
  const tell = (note: StoreNote) => port.postMessage(note);
  const notice = (line: string) => tell({ note: 'notice', line });
  const kept = open(boot, notice, tell);
  if (!kept) return;
  const handlers = storeHandlers(kept);
  const timer = setInterval(() => {
    const limits = { records_max: boot.recordsMax, bytes_max: boot.bytesMax };
    void Promise.resolve(handlers.prune(limits)).catch((error) =>
      notice(`old records stay: ${lineOf(error)}`),
    );
  }, boot.pruneEveryMs);
  port.on('message', (message: Partial<StoreClose>) => {
    if (!message.close) return;
    clearInterval(timer);
    kept.close();
    port.close();
  });
  serveRpc(port, handlers);
  tell({ note: 'opened' });
}

function open(
  { file, pageCountMax }: StoreBoot,
  notice: (line: string) => void,
  tell: (note: StoreNote) => void,
) {
  try {
    return KeptStore.open(file, { pageCountMax, notice });
  } catch (error) {
    if (!(error instanceof CommandRefused)) throw error;
    tell({ note: 'refused', diagnostic: error.diagnostic });
    return undefined;
  }
}

function lineOf(error: unknown): string {
  return error instanceof CommandRefused ? formatDiagnostic(error.diagnostic) : String(error);
}

if (!parentPort) throw new Error('the store thread is started by the daemon, not by itself');
main(parentPort, workerData as StoreBoot);
