import type { StatusMessage } from '@probed/protocol';
import { merge, type Subscription } from 'rxjs';
import type { OutMessage } from './client-outbox';
import type { Feed, FeedContext } from './feed';
import type { StreamKernel, StreamStore } from './ports';

/** A client that takes none of that many changes of state is better served with the newest. */
const WAITING_MAX = 100;

type State = Omit<StatusMessage, 'subscription'>;

/** The state of kernel and store: as it is, then each change. */
export class StatusFeed implements Feed {
  dropped = 0;
  private readonly waiting: State[] = [];
  private last = '';
  private readonly changes: Subscription;

  constructor(
    private readonly context: FeedContext,
    private readonly kernel: StreamKernel,
    private readonly store: StreamStore,
  ) {
    this.note();
    this.changes = merge(kernel.changes, store.changes).subscribe(() => this.note());
  }

  take(): OutMessage | undefined {
    const state = this.waiting.shift();
    return state && { event: 'status', args: [{ subscription: this.context.id, ...state }] };
  }

  close(): void {
    this.changes.unsubscribe();
    this.waiting.length = 0;
  }

  private note(): void {
    const state = this.stateNow();
    const text = JSON.stringify(state);
    if (text === this.last) return;
    this.last = text;
    this.waiting.push(state);
    if (this.waiting.length > WAITING_MAX) {
      this.waiting.shift();
      this.dropped++;
    }
    this.context.wake();
  }

  private stateNow(): State {
    const { state: kernel, boot, last_error } = this.kernel.state;
    const { state: store, error } = this.store.state;
    const complaints = [
      kernel === 'running' ? undefined : (last_error ?? `the emulated kernel is ${kernel}`),
      store === 'ok' ? undefined : (error ?? `the store is ${store}`),
    ];
    const message = complaints.filter((complaint) => complaint !== undefined).join('; ');
    return { kernel, store, boot, ...(message !== '' && { message }) };
  }
}
