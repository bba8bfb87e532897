import type { MapInfo } from '@probed/protocol';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError } from '../../api/api-error';
import { useServices } from '../../api/services';
import { Badge, Empty, ErrorNote } from '../../components/basics';
import { Choice } from '../../components/choice';
import { histogramsOf, mergedHistograms } from '../../format/histogram';
import { grouped, plural } from '../../format/number';
import { clock } from '../../format/time';
import { navigate, routeHash } from '../../state/route';
import { EntryTableView } from './entry-table-view';
import { HistogramView } from './histogram-view';
import { MapModel } from './map-model';
import { StackList } from './stack-list';
import { VariableTable } from './variable-table';

const INTERVAL_MS = 1_000;
type Shown = 'histogram' | 'table';

/** The contents of one map, live. */
export function MapDetail({ map, node }: { map: MapInfo; node: string }) {
  const { model, version, error } = useMapModel(map);
  const nodes = [...new Set([...map.nodes, ...model.nodes])];
  // A node of an old address may be gone.
  const chosen = nodes.includes(node) ? node : '';
  return (
    <article class="detail-pane" aria-label={`Map ${map.name}`}>
      <header class="detail-head">
        <div class="detail-title">
          <h2 class="mono">{map.name}</h2>
          <Badge tone="accent">{map.type}</Badge>
          <a class="quiet" href={routeHash('programs')}>
            {map.object}
          </a>
        </div>
        <p class="quiet detail-facts">
          <span>key {map.key_size} B</span>
          <span>value {map.value_size} B</span>
          <span>at most {grouped(map.max_entries)}</span>
          {map.flags !== 0 && <span>flags 0x{map.flags.toString(16)}</span>}
          {model.time && <span>as of {clock(model.time)}</span>}
        </p>
        {nodes.length > 1 && (
          <Choice
            label="Node"
            value={chosen}
            options={[['', 'All nodes'], ...nodes.map((name) => [name, name] as const)]}
            onChange={(next) => navigate(routeHash('maps', map.id, { node: next }), true)}
          />
        )}
      </header>
      {error && <ErrorNote error={error} />}
      {version === 0 ? (
        !error && <p class="quiet pad">Reading …</p>
      ) : (
        <Contents map={map} model={model} node={chosen} version={version} />
      )}
    </article>
  );
}

function Contents({
  map,
  model,
  node,
  version,
}: {
  map: MapInfo;
  model: MapModel;
  node: string;
  version: number;
}) {
  const [shown, setShown] = useState<Shown>('histogram');
  const entries = useMemo(() => model.entries(node), [model, node, version]);
  const histograms = useMemo(
    () =>
      mergedHistograms(
        (node ? [node] : model.nodes).flatMap((name) =>
          histogramsOf(
            map,
            entries.filter((entry) => entry.node === name),
          ),
        ),
      ),
    [entries],
  );
  if (model.kind === 'buffer')
    return (
      <Empty title="A buffer has no entries to show">
        What programs write into it are records: see <a href={routeHash('live')}>Live</a>.
      </Empty>
    );
  if (model.kind === 'stacks') return <StackList stacks={model.stacks(node)} />;
  if (model.kind === 'variables')
    return (
      <VariableTable
        variables={model.variables(node)}
        showNode={node === '' && model.nodes.length > 1}
        version={version}
      />
    );
  return (
    <>
      {histograms.length > 0 && (
        <div class="pad">
          <Choice
            label="Shown as"
            value={shown}
            options={[
              ['histogram', 'Histogram'],
              ['table', 'Table'],
            ]}
            onChange={setShown}
          />
        </div>
      )}
      {histograms.length > 0 && shown === 'histogram' ? (
        <HistogramView histograms={histograms} />
      ) : (
        <EntryTableView
          entries={entries}
          showNode={node === '' && model.nodes.length > 1}
          version={version}
        />
      )}
      <Remarks zero={model.zeroEntries(node)} truncated={model.truncated(node)} />
    </>
  );
}

function Remarks({ zero, truncated }: { zero: number; truncated: boolean }) {
  return (
    <>
      {zero > 0 && <p class="quiet pad">{plural(zero, 'entry is', 'entries are')} zero and not listed.</p>}
      {truncated && (
        <p class="quiet pad">
          There are more entries than are shown here; the REST API gives more with ?limit.
        </p>
      )}
    </>
  );
}

function useMapModel(map: MapInfo): { model: MapModel; version: number; error?: ApiError } {
  const { stream } = useServices();
  const model = useMemo(() => new MapModel(), [map.id]);
  const [version, setVersion] = useState(0);
  const [error, setError] = useState<ApiError>();
  useEffect(
    () =>
      stream.subscribe({
        request: () => ({ kind: 'map', map: String(map.id), interval_ms: INTERVAL_MS }),
        onMap: (message) => {
          model.take(message);
          setError(undefined);
          setVersion((n) => n + 1);
        },
        onRefused: (message) => setError(new ApiError(0, { code: 'subscription', message })),
      }),
    [stream, map.id],
  );
  return { model, version, error };
}
