import { useMemo, useState } from 'preact/hooks';
import { Empty } from '../../components/basics';
import { Json } from '../../components/json';
import { Scrollable } from '../../components/scrollable';
import type { Column } from '../../format/columns';
import { explainedText } from '../../format/explained';
import { grouped, plural } from '../../format/number';
import { inline } from '../../format/value';
import { arranged, type EntryRow, entryTable, memberOf, type Order } from './entry-rows';
import type { LiveEntry } from './map-model';

const ROWS_MAX = 500;

interface Heading {
  readonly id: string;
  readonly title: string;
  readonly numeric: boolean;
  readonly cell: (row: EntryRow) => unknown;
  readonly className?: string;
}

/** Entries, sortable by any column; what changed in the last message flashes. */
export function EntryTableView({
  entries,
  showNode,
  version,
}: {
  entries: readonly LiveEntry[];
  showNode: boolean;
  version: number;
}) {
  const [text, setText] = useState('');
  const [chosen, setOrder] = useState<Order>();
  const [open, setOpen] = useState<string>();
  const table = useMemo(() => entryTable(entries), [entries]);
  const headings = headingsOf(table, showNode);
  const order = chosen ?? defaultOrder(table.values);
  const rows = useMemo(() => arranged(table.rows, text, order), [table, text, chosen]);
  if (entries.length === 0)
    return (
      <Empty title="The map is empty">
        Entries appear here as soon as a program, or an update, makes one.
      </Empty>
    );
  return (
    <>
      <div class="pad table-tools">
        <input
          class="input"
          type="search"
          placeholder="Text in key or value"
          aria-label="Find entries"
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <span class="counts">
          {rows.length > ROWS_MAX
            ? `first ${grouped(ROWS_MAX)} of ${grouped(rows.length)} entries`
            : plural(rows.length, 'entry', 'entries')}
        </span>
      </div>
      <Scrollable className="table-box" label="Entries">
        <table class="table entries">
          <thead>
            <tr>
              {headings.map((heading) => (
                <Head key={heading.id} heading={heading} order={order} onOrder={setOrder} />
              ))}
              <td class="filler" />
            </tr>
          </thead>
          <tbody>
            {rows.slice(0, ROWS_MAX).map((row) => (
              <Row
                key={row.entry.id}
                row={row}
                headings={headings}
                changed={version > 1 && row.entry.changedIn === version ? version : 0}
                open={open === row.entry.id}
                onToggle={() => setOpen(open === row.entry.id ? undefined : row.entry.id)}
              />
            ))}
          </tbody>
        </table>
      </Scrollable>
    </>
  );
}

function Head({
  heading,
  order,
  onOrder,
}: {
  heading: Heading;
  order: Order | undefined;
  onOrder: (order: Order) => void;
}) {
  const sorted = order?.column === heading.id ? (order.descending ? 'descending' : 'ascending') : undefined;
  const next = () =>
    onOrder({ column: heading.id, descending: sorted ? sorted === 'ascending' : heading.numeric });
  return (
    <th scope="col" class={heading.numeric ? 'num' : undefined} aria-sort={sorted}>
      <button type="button" class="sort" onClick={next}>
        {heading.title}
        <span class="sort-mark" aria-hidden="true">
          {sorted === 'descending' ? '↓' : sorted === 'ascending' ? '↑' : ''}
        </span>
      </button>
    </th>
  );
}

function Row({
  row,
  headings,
  changed,
  open,
  onToggle,
}: {
  row: EntryRow;
  headings: readonly Heading[];
  changed: number;
  open: boolean;
  onToggle: () => void;
}) {
  return (
    <>
      <tr class={`row ${changed ? (changed % 2 ? 'flash-a' : 'flash-b') : ''}`} onClick={onToggle}>
        {headings.map(({ id, numeric, cell, className }, at) => {
          const path = id.replace(/\.value$/, '');
          const text = explainedText(row.entry, path) ?? inline(cell(row));
          return (
            <td
              key={id}
              class={`${numeric ? 'num' : ''} ${className ?? ''}`}
              title={text.length > 40 ? text : undefined}
            >
              {at === 0 ? (
                <button type="button" class="disclose" aria-expanded={open}>
                  {text}
                </button>
              ) : (
                <span class="cell-text">{text}</span>
              )}
            </td>
          );
        })}
        <td class="filler" />
      </tr>
      {open && (
        <tr>
          <td colSpan={headings.length + 1} class="row-details">
            <Json value={bare(row.entry)} />
          </td>
        </tr>
      )}
    </>
  );
}

function headingsOf(
  { keys, values, cpus }: { keys: readonly Column[]; values: readonly Column[]; cpus: number },
  showNode: boolean,
): readonly Heading[] {
  const keyHeadings = keys.map(({ name }) => ({
    id: `key.${name}`,
    title: name,
    numeric: false,
    className: 'mono key-cell',
    cell: ({ entry }: EntryRow) => memberOf(entry.key, name),
  }));
  const valueHeadings = values.map(({ name, numeric }) => ({
    id: `value.${name}`,
    title: name,
    numeric,
    className: 'mono',
    cell: ({ value }: EntryRow) => memberOf(value, name),
  }));
  const cpuHeadings = Array.from({ length: cpus }, (_, cpu) => ({
    id: `cpu.${cpu}`,
    title: `CPU ${cpu}`,
    numeric: true,
    className: 'mono quiet',
    cell: ({ entry }: EntryRow) => entry.values?.[cpu],
  }));
  const node = {
    id: 'node',
    title: 'Node',
    numeric: false,
    className: 'quiet',
    cell: ({ entry }: EntryRow) => entry.node,
  };
  return [...keyHeadings, ...(showNode ? [node] : []), ...valueHeadings, ...cpuHeadings];
}

/** The greatest counters first, when there is one counter. */
function defaultOrder(values: readonly Column[]): Order | undefined {
  return values.length === 1 && values[0].numeric
    ? { column: `value.${values[0].name}`, descending: true }
    : undefined;
}

function bare({ node, key, value, values, sum, merged, explained, stacks }: LiveEntry) {
  return {
    node,
    key,
    ...(value !== undefined && { value }),
    ...(values && { values }),
    ...(sum !== undefined && { sum }),
    ...(merged !== undefined && { merged }),
    ...(explained && { explained }),
    ...(stacks && { stacks }),
  };
}
