import type { WireRecord } from '@probed/protocol';
import { Facts, Tag } from '../../components/basics';
import { CopyButton } from '../../components/copy-button';
import { Drawer } from '../../components/drawer';
import { Json } from '../../components/json';
import { frameText } from '../../format/explained';
import { hexDump } from '../../format/value';
import { routeHash } from '../../state/route';
import type { LiveFilter } from './live-feed';

/** What members mean, and the stacks that they stand for. */
function Meanings({ record: { explained = {}, stacks = {} } }: { record: WireRecord }) {
  const texts = Object.entries(explained);
  const traces = Object.entries(stacks);
  if (texts.length + traces.length === 0) return null;
  return (
    <section>
      <h3>Meaning</h3>
      <Facts rows={texts} />
      {traces.map(([path, frames]) => (
        <div key={path} class="stack">
          <h4 class="mono">{path}</h4>
          <ol>
            {frames.map((frame, at) => (
              <li key={at} class="mono">
                {frameText(frame)}
              </li>
            ))}
          </ol>
        </div>
      ))}
    </section>
  );
}

/** Everything that a record says. */
export function RecordDetails({
  record,
  onClose,
  onFilter,
}: {
  record: WireRecord;
  onClose: () => void;
  onFilter: (change: Partial<LiveFilter>) => void;
}) {
  const { task, pod } = record;
  return (
    <Drawer
      label="Details of the record"
      title={
        <>
          <Tag name={record.program} /> <span class="faint figure">#{record.sequence}</span>
        </>
      }
      onClose={onClose}
    >
      <div class="drawer-actions">
        <button
          type="button"
          class="button"
          onClick={() => onFilter({ program: `${record.object}/${record.program}` })}
        >
          Only this program
        </button>
        {pod && (
          <button
            type="button"
            class="button"
            onClick={() => onFilter({ pod: `${pod.namespace}/${pod.name}` })}
          >
            Only this pod
          </button>
        )}
        <CopyButton label="Copy as JSON" text={() => JSON.stringify(record, null, 2)} />
      </div>
      {record.value !== undefined && (
        <section>
          <h3>{record.event ? `struct ${record.event}` : 'Value'}</h3>
          <Json value={record.value} />
        </section>
      )}
      <Meanings record={record} />
      {record.raw && (
        <section>
          <h3>{record.value === undefined ? 'Bytes' : 'Further bytes'}</h3>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls has to be reachable by keyboard */}
          <pre class="code" tabIndex={0}>
            {hexDump(record.raw)}
          </pre>
        </section>
      )}
      <section>
        <h3>Event</h3>
        <Facts
          rows={[
            [
              'Time',
              <span key="time" class="mono">
                {record.time}
              </span>,
            ],
            [
              'Virtual time',
              <span key="ktime" class="mono">
                {record.ktime_ns} ns
              </span>,
            ],
            [
              'Hook',
              <span key="hook" class="mono">
                {record.hook}
              </span>,
            ],
            [
              'Program',
              <a
                key="program"
                href={routeHash('programs', record.program_id)}
              >{`${record.object} / ${record.program}`}</a>,
            ],
            [
              'Map',
              <a key="map" href={routeHash('maps', record.map_id)}>
                {record.map}
              </a>,
            ],
            ['Node', `${record.node}, CPU ${record.cpu}`],
            [
              'Boot',
              <span key="boot" class="mono">
                {record.boot}
              </span>,
            ],
            ...Object.entries(record.wall ?? {}).map(([name, time]) => [`${name} (wall)`, time] as const),
          ]}
        />
      </section>
      <section>
        <h3>Task</h3>
        <Facts
          rows={[
            ['Command', task.comm],
            ['pid', `${task.pid}, process ${task.tgid}, parent ${task.ppid}`],
            ['uid', String(task.uid)],
            [
              'Session',
              record.session && (
                <a key="session" href={routeHash('sessions', record.session)}>
                  {record.session}
                </a>
              ),
            ],
            [
              'cgroup',
              <span key="cgroup" class="mono">
                {task.cgroup ?? task.cgroup_id}
              </span>,
            ],
          ]}
        />
      </section>
      {pod && (
        <section>
          <h3>Pod</h3>
          <Facts
            rows={[
              ['Name', `${pod.namespace}/${pod.name}`],
              ['Container', pod.container],
              ['Image', pod.image],
              [
                'Container id',
                <span key="id" class="mono">
                  {pod.container_id}
                </span>,
              ],
            ]}
          />
        </section>
      )}
    </Drawer>
  );
}
