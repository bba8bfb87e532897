import type {
  BatchItem,
  ExecSession,
  LostRecord,
  SessionCommand,
  TraceRecord,
  WireRecord,
} from '@probed/protocol';
import { describeRecord, isFailure } from './describe';
import { type Paint, printable } from './style';

const PLACE_WIDTH = 34;
const COMM_WIDTH = 15;
const PID_WIDTH = 6;
const NODE_WIDTH = 7;

/** What several programs say of one event within this time, ns of virtual time, is told once. */
const SAME_EVENT_NS = 1e6;

type ItemOf<T extends BatchItem['type']> = Extract<BatchItem, { type: T }>;
type Lines = { readonly [T in BatchItem['type']]: (item: ItemOf<T>) => string | undefined };

/** One aligned line an item. It remembers sessions, so that each of their changes is told once. */
export class TraceLines {
  private readonly sessions = new Map<string, ExecSession['state']>();
  private last = { ktime_ns: 0, text: '' };

  constructor(private readonly paint: Paint) {}

  /** @returns nothing for an item that says nothing new */
  line(item: BatchItem): string | undefined {
    return (this.lines[item.type] as (item: BatchItem) => string | undefined)(item);
  }

  private readonly lines: Lines = {
    record: (record) => this.record(record),
    trace: (trace) => this.printk(trace),
    lost: (lost) => this.lost(lost),
    session: ({ session }) => this.session(session),
    command: ({ command }) => this.command(command),
  };

  private record(record: WireRecord): string | undefined {
    const { time, node, task, pod, session } = record;
    const place = pod ? `${pod.namespace}/${pod.name}/${pod.container}` : '-';
    const text = describeRecord(record);
    if (this.isTold(record, text)) return undefined;
    return [
      this.head(time, node),
      this.paint(fitEnd(place, PLACE_WIDTH), session ? 'yellow' : 'cyan'),
      String(task.pid).padStart(PID_WIDTH),
      printable(task.comm).padEnd(COMM_WIDTH),
      isFailure(record) ? this.paint(text, 'red') : text,
    ].join(' ');
  }

  /** Whether the line before has said so, by a record of another program. */
  private isTold({ ktime_ns, node, task }: WireRecord, text: string): boolean {
    const { last } = this;
    this.last = { ktime_ns, text: `${node} ${task.pid} ${text}` };
    return this.last.text === last.text && Math.abs(ktime_ns - last.ktime_ns) < SAME_EVENT_NS;
  }

  private printk({ time, node, pid, comm, text }: TraceRecord): string {
    const columns = [this.head(time, node), this.paint('bpf_printk'.padEnd(PLACE_WIDTH), 'dim')];
    return [
      ...columns,
      String(pid).padStart(PID_WIDTH),
      printable(comm).padEnd(COMM_WIDTH),
      printable(text),
    ].join(' ');
  }

  private lost({ time, node, object, map, count }: LostRecord): string {
    const text = `${count} records of ${object}/${map} were lost: its buffer was full`;
    return `${this.head(time, node)} ${this.paint(text, 'red')}`;
  }

  private session(session: ExecSession): string | undefined {
    const { id, state, user, namespace, pod, container, command, exit_code, commands } = session;
    if (this.sessions.get(id) === state) return undefined;
    if (state !== 'running') {
      this.sessions.delete(id);
      const end = state === 'lost' ? 'lost' : `ended with code ${exit_code}`;
      return this.paint(`■ exec session ${id} ${end}, ${commands} commands`, 'magenta');
    }
    this.sessions.set(id, state);
    const what = printable(command.join(' '));
    const where = `${namespace}/${pod} (${container})`;
    return this.paint(
      `▶ exec session ${id} opened by ${printable(user)} in ${where}: ${what}`,
      'bold',
      'magenta',
    );
  }

  private command({ session, kind, argv, end_ns }: SessionCommand): string | undefined {
    if (kind !== 'line' || end_ns !== undefined) return undefined;
    return this.paint(`  ${session} ❯ ${printable(argv[0])}`, 'bold', 'green');
  }

  private head(time: string, node: string): string {
    return this.paint(`${time.slice(11, 23).padEnd(12, '0')} ${node.padEnd(NODE_WIDTH)}`, 'dim');
  }
}

/** The end of a name tells more than its beginning. */
function fitEnd(text: string, width: number): string {
  return text.length > width ? `…${text.slice(text.length - width + 1)}` : text.padEnd(width);
}
