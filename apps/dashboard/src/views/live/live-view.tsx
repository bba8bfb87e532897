import { useEffect, useMemo, useState } from 'preact/hooks';
import { useServices } from '../../api/services';
import { ErrorNote } from '../../components/basics';
import { ClearIcon, PauseIcon, PlayIcon } from '../../components/icons';
import { grouped, plural } from '../../format/number';
import { useCell } from '../../state/cell';
import { navigate, routeHash } from '../../state/route';
import type { ViewProps } from '../view-props';
import { LiveFeed, type LiveFilter, type LiveRow, type LiveState, NO_FILTER, ROWS_MAX } from './live-feed';
import { LiveFilters } from './live-filters';
import { RecordDetails } from './record-details';
import { RecordTable } from './record-table';

/** Records as they come. The filter is in the address. */
export function LiveView({ route, watch }: ViewProps) {
  const { api, stream } = useServices();
  const feed = useMemo(
    () =>
      new LiveFeed({
        history: (query) => api.call('listRecords', { query }),
        subscribe: (subscription) => stream.subscribe(subscription),
      }),
    [api, stream],
  );
  const filter: LiveFilter = { ...NO_FILTER, ...pick(route.query) };
  const filterKey = JSON.stringify(filter);
  const state = useCell(feed.state);
  const [paused, setPaused] = useState(false);
  const [selected, setSelected] = useState<LiveRow>();

  useEffect(() => {
    feed.start(filter);
    setPaused(false);
    return () => feed.stop();
  }, [feed, filterKey]);

  const pause = (on: boolean) => {
    setPaused(on);
    if (on) feed.hold();
    else feed.release();
  };
  const setFilter = (change: Partial<LiveFilter>) =>
    navigate(routeHash('live', undefined, { ...filter, ...change }), true);

  return (
    <div class="view live-view">
      <div class="toolbar">
        <h1 class="visually-hidden">Live records</h1>
        <LiveFilters filter={filter} onChange={setFilter} watch={watch} />
        <span class="toolbar-space" />
        <Counts state={state} />
        <button
          type="button"
          class="button button-quiet"
          onClick={() => feed.clear()}
          title="Empty the table"
        >
          <ClearIcon />
          Clear
        </button>
        <button
          type="button"
          class={paused ? 'button button-primary' : 'button'}
          aria-pressed={paused}
          onClick={() => pause(!paused)}
        >
          {paused ? <PlayIcon /> : <PauseIcon />}
          {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {state.error && <ErrorNote error={state.error} onRetry={() => feed.start(filter)} />}
      <div class="split">
        <RecordTable
          state={state}
          columns={filter.program ? feed.columns.list : undefined}
          filtered={filterKey !== JSON.stringify(NO_FILTER)}
          selected={selected?.key}
          onSelect={setSelected}
          onHold={(held) => (held ? feed.hold() : !paused && feed.release())}
          onResume={() => pause(false)}
          onPause={() => pause(true)}
        />
        {selected?.kind === 'record' && (
          <RecordDetails
            record={selected.record}
            onClose={() => setSelected(undefined)}
            onFilter={setFilter}
          />
        )}
      </div>
    </div>
  );
}

function Counts({ state }: { state: LiveState }) {
  const { lost, dropped, rows } = state;
  const seen = state.seen - state.waiting;
  return (
    <span class="counts">
      {lost > 0 && <span class="count-warn">{grouped(lost)} lost</span>}
      {dropped > 0 && <span class="count-warn">{grouped(dropped)} not shown</span>}
      <span title={`The newest ${grouped(ROWS_MAX)} are kept on this page`}>
        {seen > rows.length ? `newest ${grouped(rows.length)} of ${grouped(seen)}` : plural(seen, 'record')}
      </span>
    </span>
  );
}

function pick(query: Readonly<Record<string, string>>): Partial<LiveFilter> {
  return Object.fromEntries(
    Object.keys(NO_FILTER).flatMap((name) => (query[name] ? [[name, query[name]]] : [])),
  );
}
