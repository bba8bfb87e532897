import type { Health, KernelHealth } from '@probed/protocol';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useServices } from '../api/services';
import { Dot, Facts, type Tone } from '../components/basics';
import { LeaveIcon, Logo, MoonIcon, SunIcon } from '../components/icons';
import { Sparkline } from '../components/sparkline';
import { bytes, grouped, short } from '../format/number';
import { dayAndClock, span } from '../format/time';
import { useCell } from '../state/cell';
import { type Route, routeHash, VIEW_TITLES, type View } from '../state/route';
import { theme, toggleTheme } from '../state/theme';
import type { HealthWatch } from './health-watch';

const TABS = Object.entries(VIEW_TITLES) as [View, string][];

const KERNEL_TONES: Readonly<Record<KernelHealth['state'], Tone>> = {
  running: 'ok',
  busy: 'warn',
  restarting: 'warn',
  failed: 'bad',
};
const STORE_TONES = { ok: 'ok', failing: 'bad', closed: 'bad' } as const;

export function TopBar({ route, watch }: { route: Route; watch: HealthWatch }) {
  const { signOut } = useServices();
  const dark = useCell(theme) === 'dark';
  const other = dark ? 'light' : 'dark';
  return (
    <header class="top-bar">
      <a class="brand" href="#/live">
        <Logo />
        <span>probed</span>
      </a>
      <nav class="tabs" aria-label="Views">
        {TABS.map(([view, text]) => (
          <a key={view} href={routeHash(view)} aria-current={route.view === view ? 'page' : undefined}>
            {text}
          </a>
        ))}
      </nav>
      <HealthStrip watch={watch} />
      <button
        type="button"
        class="icon-button"
        aria-label={`Use the ${other} theme`}
        title={`Use the ${other} theme`}
        onClick={toggleTheme}
      >
        {dark ? <SunIcon /> : <MoonIcon />}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label="Sign out"
        title="Sign out"
        onClick={() => signOut(false)}
      >
        <LeaveIcon />
      </button>
    </header>
  );
}

function HealthStrip({ watch }: { watch: HealthWatch }) {
  const health = useCell(watch.health);
  const rates = useCell(watch.rates);
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const close = (event: Event) => {
      if (
        event instanceof KeyboardEvent ? event.key === 'Escape' : !box.current?.contains(event.target as Node)
      )
        setOpen(false);
    };
    addEventListener('pointerdown', close);
    addEventListener('keydown', close);
    return () => {
      removeEventListener('pointerdown', close);
      removeEventListener('keydown', close);
    };
  }, [open]);
  if (!health) return <div class="health" />;
  const { kernel, store, records } = health;
  return (
    <div class="health" ref={box}>
      <button
        type="button"
        class="health-button"
        aria-expanded={open}
        aria-label="Health of the daemon"
        onClick={() => setOpen(!open)}
      >
        <span class="health-item">
          <Dot tone={KERNEL_TONES[kernel.state]} label={`kernel ${kernel.state}`} />
          <span class="health-name">kernel</span> {kernel.state}
        </span>
        <span class="health-item">
          <Sparkline values={rates} label="Records a second, the last minute" width={56} height={16} />
          <span class="figure">{short(records.per_second)}</span> <span class="health-name">records/s</span>
        </span>
        <span class="health-item">
          <Dot tone={STORE_TONES[store.state]} label={`store ${store.state}`} />
          <span class="health-name">store</span> {store.state}
        </span>
        <span class="health-item health-boot">
          <span class="health-name">boot</span> <span class="mono">{kernel.boot.slice(0, 8)}</span>
        </span>
      </button>
      {open && <HealthDetails health={health} />}
    </div>
  );
}

function HealthDetails({ health }: { health: Health }) {
  const { kernel, store, stream, records } = health;
  return (
    <div class="popover health-details">
      <h2>Emulated kernel</h2>
      <Facts
        rows={[
          ['State', kernel.state],
          [
            'Boot',
            <span key="boot" class="mono">
              {kernel.boot}
            </span>,
          ],
          ['Booted', `${dayAndClock(kernel.booted_at)} UTC`],
          ['Restarts', grouped(kernel.restarts)],
          ['Last error', kernel.last_error],
          ['Behind its speed', kernel.lag_ms > 0 ? `${grouped(Math.round(kernel.lag_ms))} ms` : 'no'],
          ['Memory', bytes(kernel.memory_bytes)],
        ]}
      />
      <h2>Records</h2>
      <Facts
        rows={[
          ['Since start', grouped(records.total)],
          ['Lost in the kernel', grouped(records.lost)],
        ]}
      />
      <h2>Store</h2>
      <Facts
        rows={[
          [
            'File',
            <span key="file" class="mono">
              {store.file}
            </span>,
          ],
          ['Size', bytes(store.file_bytes)],
          ['Records', grouped(store.records)],
          ['Waiting', `${grouped(store.queued)} of ${grouped(store.queue_max)}`],
          ['Not stored', grouped(store.dropped)],
          ['Error', store.error],
        ]}
      />
      <h2>Daemon</h2>
      <Facts
        rows={[
          ['Version', health.version],
          ['Up for', span(health.uptime_s * 1_000)],
          ['Clients', `${grouped(stream.clients)} with ${grouped(stream.subscriptions)} subscriptions`],
          ['Not sent to slow clients', grouped(stream.dropped)],
        ]}
      />
    </div>
  );
}
