import type { Health } from '@probed/protocol';
import type { Services } from '../api/services';
import { Cell } from '../state/cell';

const INTERVAL_MS = 1_000;
const RATES_MAX = 60;

/** What is known of the daemon: asked each second, and at once when the stream says that something changed. */
export class HealthWatch {
  readonly health = new Cell<Health | undefined>(undefined);
  /** Records a second, the last minute. */
  readonly rates = new Cell<readonly number[]>([]);
  /** The boot of the emulated kernel; views ask anew when it changes. */
  readonly boot = new Cell<string | undefined>(undefined);
  readonly reachable = new Cell(true);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(private readonly services: Services) {}

  /** @returns a function that ends it */
  start(): () => void {
    const end = this.services.stream.subscribe({
      request: () => ({ kind: 'status' }),
      onStatus: () => void this.ask(),
    });
    const turn = async () => {
      if (!document.hidden) await this.ask();
      if (!this.ended) this.timer = setTimeout(turn, INTERVAL_MS);
    };
    void turn();
    return () => {
      this.ended = true;
      clearTimeout(this.timer);
      end();
    };
  }

  private async ask(): Promise<void> {
    try {
      const health = await this.services.api.call('health');
      this.rates.set([...this.rates.value.slice(1 - RATES_MAX), health.records.per_second]);
      this.health.set(health);
      this.boot.set(health.kernel.boot);
      this.reachable.set(true);
    } catch {
      this.reachable.set(false);
    }
  }
}
