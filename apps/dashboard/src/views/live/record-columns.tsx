import type { WireRecord } from '@probed/protocol';
import type { ComponentChildren } from 'preact';
import { Tag } from '../../components/basics';
import { type Column, cellOf } from '../../format/columns';
import { explainedText } from '../../format/explained';
import { clock } from '../../format/time';
import { memberText, summaryPairs } from '../../format/value';

export interface RecordColumn {
  readonly id: string;
  readonly title: string;
  /** Pixels; of a column that grows, at least. */
  readonly width: number;
  readonly grows?: boolean;
  readonly numeric?: boolean;
  readonly className?: string;
  readonly cell: (record: WireRecord) => ComponentChildren;
}

const SUMMARY_CHARS_MAX = 400;
/** Of the font of a table's cells. */
const CHAR_PX = 7.3;
const PADDING_PX = 22;

const TIME: RecordColumn = {
  id: 'time',
  title: 'Time',
  width: 124,
  className: 'mono quiet',
  cell: ({ time }) => <span title={time}>{clock(time)}</span>,
};
const NODE: RecordColumn = {
  id: 'node',
  title: 'Node',
  width: 84,
  className: 'quiet',
  cell: ({ node }) => node,
};
const POD: RecordColumn = {
  id: 'pod',
  title: 'Pod',
  width: 184,
  cell: ({ pod, node }) =>
    pod ? (
      <span title={`${pod.namespace}/${pod.name} · ${pod.container}`}>{pod.name}</span>
    ) : (
      <span class="faint" title={`a process of ${node} itself`}>
        host
      </span>
    ),
};
const TASK: RecordColumn = {
  id: 'task',
  title: 'Task',
  width: 148,
  cell: ({ task, session }) => (
    <>
      {session && (
        <span
          class="session-mark"
          role="img"
          aria-label="in an exec session"
          title={`exec session ${session}`}
        />
      )}
      {task.comm} <span class="faint figure">{task.tgid}</span>
    </>
  ),
};
const PROGRAM: RecordColumn = {
  id: 'program',
  title: 'Program',
  width: 168,
  cell: ({ program, object, hook }) => (
    <span title={`${object} · ${hook}`}>
      <Tag name={program} />
    </span>
  ),
};
const SUMMARY: RecordColumn = {
  id: 'value',
  title: 'Value',
  width: 420,
  grows: true,
  className: 'mono',
  cell: (record) => <Summary record={record} />,
};

const GENERAL: readonly RecordColumn[] = [TIME, NODE, POD, PROGRAM, TASK, SUMMARY];
const IDENTITY: readonly RecordColumn[] = [TIME, NODE, POD, TASK];

/** The table's columns: with the members of the value when its type is one, else with a summary of it. */
export function recordColumns(members: readonly Column[] | undefined): readonly RecordColumn[] {
  if (!members || members.length === 0) return GENERAL;
  const wanted = members.filter(({ name }) => !repeats(name));
  return [...IDENTITY, ...(wanted.length > 0 ? wanted : members).map(memberColumn)];
}

/** The task and time columns say it already. */
function repeats(name: string): boolean {
  return name === 'ktime_ns' || name === 'comm' || name === 'pid';
}

function memberColumn({ name, width, numeric }: Column, at: number, all: readonly Column[]): RecordColumn {
  return {
    id: `value.${name}`,
    title: name,
    width: Math.max(64, Math.round(width * CHAR_PX) + PADDING_PX),
    grows: at === all.length - 1,
    numeric,
    className: 'mono',
    cell: (record) => {
      const { value, wall } = record;
      const text = explainedText(record, name) ?? memberText(name, cellOf(value, name));
      return <span title={wall?.[name] ?? text}>{wall?.[name] ? clock(wall[name]) : text}</span>;
    },
  };
}

function Summary({ record }: { record: WireRecord }) {
  const pairs = summaryPairs(record.value);
  if (pairs.length === 0) return <span class="faint">{(record.raw ?? '').slice(0, SUMMARY_CHARS_MAX)}</span>;
  return (
    <>
      {pairs.map(([name, text]) => (
        <span class="pair" key={name}>
          {name && <span class="pair-name">{name}=</span>}
          {text.slice(0, SUMMARY_CHARS_MAX)}
        </span>
      ))}
    </>
  );
}
