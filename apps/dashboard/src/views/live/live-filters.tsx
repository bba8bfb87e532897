import type { ExecSession, Pod, Program } from '@probed/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { useServices } from '../../api/services';
import { SearchIcon } from '../../components/icons';
import { usePolled } from '../../components/use-polled';
import { useCell } from '../../state/cell';
import type { ViewProps } from '../view-props';
import type { LiveFilter } from './live-feed';

const CHOICES_POLL_MS = 5_000;
const TYPING_MS = 250;
const SESSIONS_LISTED = 50;

interface Choices {
  readonly programs: readonly Program[];
  readonly pods: readonly Pod[];
  readonly sessions: readonly ExecSession[];
}

export function LiveFilters({
  filter,
  onChange,
  watch,
}: {
  filter: LiveFilter;
  onChange: (change: Partial<LiveFilter>) => void;
  watch: ViewProps['watch'];
}) {
  const { programs, pods, sessions } = useChoices(watch);
  const nodes = [...new Set(pods.map(({ node }) => node))].sort();
  const set = (name: keyof LiveFilter) => (value: string) => onChange({ [name]: value });
  return (
    <>
      <Select
        label="Program"
        all="All programs"
        value={filter.program}
        onChange={set('program')}
        known={programs.map(({ object, name }) => `${object}/${name}`)}
      >
        {byObject(programs).map(([object, names]) => (
          <optgroup key={object} label={object}>
            {names.map((name) => (
              <option key={name} value={`${object}/${name}`}>
                {name}
              </option>
            ))}
          </optgroup>
        ))}
      </Select>
      <Select label="Pod" all="All pods" value={filter.pod} onChange={set('pod')} known={pods.map(podName)}>
        {pods.map((pod) => (
          <option key={podName(pod)} value={podName(pod)}>
            {podName(pod)}
          </option>
        ))}
      </Select>
      <Select label="Node" all="All nodes" value={filter.node} onChange={set('node')} known={nodes}>
        {nodes.map((node) => (
          <option key={node} value={node}>
            {node}
          </option>
        ))}
      </Select>
      <Select
        label="Session"
        all="All sessions"
        value={filter.session}
        onChange={set('session')}
        known={sessions.map(({ id }) => id)}
      >
        {sessions.map((session) => (
          <option key={session.id} value={session.id}>
            {`${session.pod} · ${session.command.join(' ')} (${session.id.slice(0, 8)})`}
          </option>
        ))}
      </Select>
      <TextFilter value={filter.text} onChange={set('text')} />
    </>
  );
}

function useChoices(watch: ViewProps['watch']): Choices {
  const { api } = useServices();
  const boot = useCell(watch.boot);
  const { data: programs } = usePolled(() => api.call('listPrograms'), CHOICES_POLL_MS, [boot]);
  const { data: pods } = usePolled(() => api.call('listPods'), CHOICES_POLL_MS, [boot]);
  const query = { limit: SESSIONS_LISTED };
  const { data: sessions } = usePolled(() => api.call('listExecSessions', { query }), CHOICES_POLL_MS, [
    boot,
  ]);
  return { programs: programs?.programs ?? [], pods: pods?.pods ?? [], sessions: sessions?.sessions ?? [] };
}

function Select({
  label,
  all,
  value,
  known,
  onChange,
  children,
}: {
  label: string;
  all: string;
  value: string;
  known: readonly string[];
  onChange: (value: string) => void;
  children: ComponentChildren;
}) {
  return (
    <select
      class={value ? 'input select select-set' : 'input select'}
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    >
      <option value="">{all}</option>
      {/* What the address asks for may be gone, or not listed yet. */}
      {value && !known.includes(value) && <option value={value}>{value}</option>}
      {children}
    </select>
  );
}

function TextFilter({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (typed: string) => {
    setText(typed);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => onChange(typed), TYPING_MS);
  };
  return (
    <label class="search">
      <SearchIcon />
      <input
        class="input"
        type="search"
        aria-label="Text in the value"
        placeholder="Text in the value"
        value={text}
        onInput={(event) => type(event.currentTarget.value)}
      />
    </label>
  );
}

const podName = ({ namespace, name }: Pod) => `${namespace}/${name}`;

function byObject(programs: readonly Program[]): readonly (readonly [string, readonly string[]])[] {
  const groups = new Map<string, Set<string>>();
  for (const { object, name } of programs) {
    const names = groups.get(object) ?? new Set();
    groups.set(object, names.add(name));
  }
  return [...groups].map(([object, names]) => [object, [...names]]);
}
