import type { Health } from '@probed/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { useServices } from '../api/services';
import { WarnIcon } from '../components/icons';
import { grouped } from '../format/number';
import { useCell } from '../state/cell';
import type { HealthWatch } from './health-watch';

/** A reconnection that is quicker than this is not worth a word. */
const PATIENCE_MS = 1_200;
const REBOOT_SHOWN_MS = 8_000;

/** What the user has to know wherever on the page they are. */
export function Banners({ watch }: { watch: HealthWatch }) {
  const { stream } = useServices();
  const connection = useCell(stream.connection);
  const reachable = useCell(watch.reachable);
  const health = useCell(watch.health);
  const away = useLasting(connection !== 'connected' || !reachable, PATIENCE_MS);
  const rebooted = useRebooted(watch);
  return (
    <div class="banners" aria-live="polite">
      {away ? (
        <Banner tone="bad">
          {reachable ? 'The live stream is not connected.' : 'The daemon does not answer.'} This page connects
          again by itself.
        </Banner>
      ) : (
        health && <HealthBanners health={health} />
      )}
      {rebooted && !away && (
        <Banner tone="info">The emulated kernel has booted anew; programs and links are restored.</Banner>
      )}
    </div>
  );
}

function HealthBanners({ health: { kernel, store } }: { health: Health }) {
  return (
    <>
      {kernel.state === 'restarting' && (
        <Banner tone="warn">
          The emulated kernel restarts{kernel.last_error && `: ${kernel.last_error}`}.
        </Banner>
      )}
      {kernel.state === 'failed' && (
        <Banner tone="bad">
          The emulated kernel can't be started{kernel.last_error && `: ${kernel.last_error}`}. Its output in
          the daemon's terminal says more.
        </Banner>
      )}
      {kernel.state === 'busy' && (
        <Banner tone="warn">
          The emulated kernel has been busy for {grouped(Math.round(kernel.busy_ms / 100) / 10)} s.
        </Banner>
      )}
      {store.state !== 'ok' && (
        <Banner tone="bad">
          Records are not being stored{store.error && `: ${store.error}`}. {grouped(store.queued)} wait,{' '}
          {grouped(store.dropped)} are lost to the history; live records go on.
        </Banner>
      )}
    </>
  );
}

function Banner({ tone, children }: { tone: 'bad' | 'warn' | 'info'; children: ComponentChildren }) {
  return (
    <p class={`banner banner-${tone}`}>
      <WarnIcon />
      <span>{children}</span>
    </p>
  );
}

/** True when a condition has held for a while. */
function useLasting(condition: boolean, ms: number): boolean {
  const [lasting, setLasting] = useState(false);
  useEffect(() => {
    if (!condition) {
      setLasting(false);
      return;
    }
    const timer = setTimeout(() => setLasting(true), ms);
    return () => clearTimeout(timer);
  }, [condition, ms]);
  return condition && lasting;
}

/** True for a while after the boot has changed under this page. */
function useRebooted(watch: HealthWatch): boolean {
  const boot = useCell(watch.boot);
  const [seen, setSeen] = useState<string>();
  const changed = seen !== undefined && boot !== seen;
  useEffect(() => {
    if (boot === undefined || boot === seen) return;
    if (seen === undefined) {
      setSeen(boot);
      return;
    }
    const timer = setTimeout(() => setSeen(boot), REBOOT_SHOWN_MS);
    return () => clearTimeout(timer);
  }, [boot, seen]);
  return changed;
}
