import { useEffect, useRef } from 'preact/hooks';
import { Empty } from '../../components/basics';
import { Scrollable } from '../../components/scrollable';
import { useVirtual } from '../../components/use-virtual';
import type { Column } from '../../format/columns';
import { plural } from '../../format/number';
import type { LiveRow, LiveState } from './live-feed';
import { type RecordColumn, recordColumns } from './record-columns';

/** As `--row` in theme.css. */
const ROW_PX = 28;

interface Props {
  readonly state: LiveState;
  /** Members of the value as columns; a summary of the value without. */
  readonly columns?: readonly Column[];
  readonly filtered: boolean;
  readonly selected?: number;
  readonly onSelect: (row: LiveRow | undefined) => void;
  /** The reader has left the top, or is back. */
  readonly onHold: (held: boolean) => void;
  readonly onResume: () => void;
  /** The arrow keys are used: rows that move can't be walked through. */
  readonly onPause: () => void;
}

/** Records in a table, newest first; only the rows in sight are rendered. */
export function RecordTable({
  state,
  columns,
  filtered,
  selected,
  onSelect,
  onHold,
  onResume,
  onPause,
}: Props) {
  const box = useRef<HTMLElement>(null);
  const { rows, waiting, loading } = state;
  const { start, end, above, below, scrollTop } = useVirtual(box, rows.length, ROW_PX);
  const scrolled = scrollTop > ROW_PX;
  useEffect(() => onHold(scrolled), [scrolled]);

  const shown = recordColumns(columns);
  const width = shown.reduce((sum, column) => sum + column.width, 0);
  const toTop = () => {
    box.current?.scrollTo({ top: 0 });
    onResume();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = nextRow(event.key, rows, selected);
    if (next === undefined) return;
    event.preventDefault();
    onPause();
    onSelect(rows[next]);
    scrollIntoView(box.current, next);
  };

  return (
    <div class="record-pane">
      {waiting > 0 && (
        <button type="button" class="new-records" onClick={toTop}>
          ↑ {plural(waiting, 'new record')}
        </button>
      )}
      <Scrollable
        className="table-box"
        box={box}
        label="Records; arrow keys select one"
        onKeyDown={onKeyDown}
      >
        <table class="table table-fixed" aria-rowcount={rows.length + 1} style={{ minWidth: `${width}px` }}>
          <colgroup>
            {shown.map(({ id, width: px, grows }) => (
              <col key={id} style={grows ? {} : { width: `${px}px` }} />
            ))}
          </colgroup>
          <thead>
            <tr>
              {shown.map(({ id, title, numeric }) => (
                <th key={id} scope="col" class={numeric ? 'num' : undefined}>
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {above > 0 && <Spacer height={above} columns={shown.length} />}
            {rows.slice(start, end).map((row, at) => (
              <Row
                // Keys of rows count up, so these are distinct, and under a flood the elements are used again.
                key={row.key % (end - start)}
                row={row}
                index={start + at + 2}
                columns={shown}
                selected={row.key === selected}
                onSelect={onSelect}
              />
            ))}
            {below > 0 && <Spacer height={below} columns={shown.length} />}
          </tbody>
        </table>
        {rows.length === 0 && !loading && <NoRecords filtered={filtered} />}
      </Scrollable>
    </div>
  );
}

function Row({
  row,
  index,
  columns,
  selected,
  onSelect,
}: {
  row: LiveRow;
  index: number;
  columns: readonly RecordColumn[];
  selected: boolean;
  onSelect: (row: LiveRow) => void;
}) {
  if (row.kind === 'notice')
    return (
      <tr class={`notice notice-${row.tone}`} aria-rowindex={index}>
        <td colSpan={columns.length}>{row.text}</td>
      </tr>
    );
  return (
    // A press, not a click: at a thousand records a second the row has moved on before the button is released.
    <tr
      class={selected ? 'row row-selected' : 'row'}
      aria-rowindex={index}
      aria-current={selected ? 'true' : undefined}
      onMouseDown={(event) => event.button === 0 && onSelect(row)}
    >
      {columns.map(({ id, numeric, cell, className }) => (
        <td key={id} class={numeric ? 'num mono' : className}>
          {cell(row.record)}
        </td>
      ))}
    </tr>
  );
}

function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr class="spacer">
      <td colSpan={columns} style={{ height: `${height}px` }} />
    </tr>
  );
}

function NoRecords({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <Empty title="No record matches">
        New ones that match appear here by themselves. <a href="#/live">Show all records</a>
      </Empty>
    );
  return (
    <Empty title="No records yet">
      Records appear when a program writes to a ring buffer or perf event array. Upload one in{' '}
      <a href="#/programs">Programs</a>, or run a command: <code>probectl exec POD -- ls</code>
    </Empty>
  );
}

/** Where a key leads from the selected row; undefined when it is none of ours. */
function nextRow(key: string, rows: readonly LiveRow[], selected: number | undefined): number | undefined {
  if (rows.length === 0) return undefined;
  const at = rows.findIndex(({ key: rowKey }) => rowKey === selected);
  const moves: Readonly<Record<string, number>> = {
    ArrowDown: Math.min(at + 1, rows.length - 1),
    ArrowUp: Math.max(at - 1, 0),
    Home: 0,
    End: rows.length - 1,
  };
  return moves[key];
}

function scrollIntoView(box: HTMLElement | null, index: number): void {
  if (!box) return;
  const [top, bottom] = [index * ROW_PX, (index + 2) * ROW_PX];
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}
