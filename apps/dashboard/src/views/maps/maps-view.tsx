import type { MapInfo } from '@probed/protocol';
import { useState } from 'preact/hooks';
import { useServices } from '../../api/services';
import { Empty, ErrorNote } from '../../components/basics';
import { usePolled } from '../../components/use-polled';
import { bytes, plural } from '../../format/number';
import { useCell } from '../../state/cell';
import { routeHash } from '../../state/route';
import type { ViewProps } from '../view-props';
import { MapDetail } from './map-detail';

const POLL_MS = 5_000;

/** All maps on the left, the contents of one on the right. */
export function MapsView({ route, watch }: ViewProps) {
  const { api } = useServices();
  const boot = useCell(watch.boot);
  const { data, error } = usePolled(() => api.call('listMaps'), POLL_MS, [boot]);
  const maps = data?.maps ?? [];
  const open = maps.find(({ id }) => String(id) === route.id);
  return (
    <div class="view master-detail">
      <MapList maps={maps} loaded={data !== undefined} openId={route.id}>
        {error && <ErrorNote error={error} />}
      </MapList>
      <div class="detail">
        {open ? (
          <MapDetail key={`${open.id} ${boot}`} map={open} node={route.query.node ?? ''} />
        ) : (
          data && (
            <Empty
              title={
                route.id ? `There is no map ${route.id}` : maps.length > 0 ? 'Choose a map' : 'No maps yet'
              }
            >
              {maps.length > 0 ? (
                'Its contents are shown here, decoded by BTF, and follow the kernel live.'
              ) : (
                <>
                  Maps come with the programs that use them: see <a href="#/programs">Programs</a>.
                </>
              )}
            </Empty>
          )
        )}
      </div>
    </div>
  );
}

function MapList({
  maps,
  loaded,
  openId,
  children,
}: {
  maps: readonly MapInfo[];
  loaded: boolean;
  openId?: string;
  children: preact.ComponentChildren;
}) {
  const [text, setText] = useState('');
  const matching = maps.filter(({ name, object, type }) =>
    `${object} ${name} ${type}`.toLowerCase().includes(text.toLowerCase()),
  );
  const objects = [...new Set(matching.map(({ object }) => object))];
  return (
    <nav class="master" aria-label="Maps">
      <header class="master-head">
        <h1 class="toolbar-title">Maps</h1>
        {loaded && <span class="counts">{plural(maps.length, 'map')}</span>}
      </header>
      <input
        class="input master-search"
        type="search"
        placeholder="Name, object or type"
        aria-label="Find a map"
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {children}
      <div class="scroll">
        {objects.map((object) => (
          <section key={object} class="master-group">
            <h2>{object}</h2>
            {matching
              .filter((map) => map.object === object)
              .sort((a, b) => Number(a.internal) - Number(b.internal))
              .map((map) => (
                <MapItem key={map.id} map={map} open={String(map.id) === openId} />
              ))}
          </section>
        ))}
      </div>
    </nav>
  );
}

function MapItem({ map, open }: { map: MapInfo; open: boolean }) {
  return (
    <a class="master-item" href={routeHash('maps', map.id)} aria-current={open ? 'true' : undefined}>
      <span class={map.internal ? 'item-title mono quiet' : 'item-title mono'}>{map.name}</span>
      <span class="item-text">{map.internal ? 'global variables' : `${map.type} · ${capacity(map)}`}</span>
    </a>
  );
}

/** A ring buffer's size is in bytes. */
function capacity({ type, max_entries }: MapInfo): string {
  return type === 'ringbuf' ? bytes(max_entries) : plural(max_entries, 'entry', 'entries');
}
