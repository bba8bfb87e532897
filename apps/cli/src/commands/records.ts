import type { Command } from 'commander';
import type { HistoryOptions } from '../client/history';
import type { TraceOptions } from '../client/trace';
import { newCommand } from '../command';
import { parseMoment, parsePosition } from '../input/moments';
import { parseCount, parseDuration } from '../input/values';
import { withDaemon } from './daemon-options';

const LIMIT_MAX = 1e9;

/** Filters that live and stored records have in common. */
function withFilters(command: Command): Command {
  return command
    .option('--program <program>', 'records of this program, by name')
    .option('--pod <pod>', 'of tasks in this pod: NAME or NAMESPACE/NAME')
    .option('--node <node>', 'of this node')
    .option('--map <map>', 'from this ring or perf buffer, by name')
    .option('--hook <hook>', 'from this hook, e.g. tracepoint:sched:sched_process_exec')
    .option('--session <session>', 'of this exec session, by id');
}

/** `probectl trace`. */
export function traceCommand(): Command {
  const command = withFilters(
    newCommand({
      usage: 'trace',
      summary: 'records of the loaded programs, live',
      description:
        'Prints records as they come: in columns, or with --json as they go over the wire, one a line. When the connection ' +
        'breaks it connects again and goes on after the last record: nothing twice, nothing missing. Records that the ' +
        'daemon had to leave out, because they were not taken in time, are told on standard error.',
      examples: [
        'probectl trace',
        'probectl trace --pod toolbox --program on_exec',
        'probectl trace --json --for 10s --limit 1000',
        'probectl trace --after 0f3c9a12:4711 --json',
      ],
    }),
  )
    .option('--after <boot:seq>', 'first what is stored after this record, then live', parsePosition)
    .option('--limit <n>', 'end after this many records', parseCount(1, LIMIT_MAX))
    .option('--for <duration>', 'end after this much wall time, e.g. 10s', parseDuration);
  return withDaemon(command).action(async (options: TraceOptions) => {
    const { trace } = await import('../client/trace.js');
    await trace(options);
  });
}

/** `probectl history`. */
export function historyCommand(): Command {
  const command = withFilters(
    newCommand({
      usage: 'history',
      summary: "records from the daemon's database",
      description:
        'Prints stored records, the oldest first; all that match, or the newest --limit of them. --since and --until take ' +
        'a wall time in RFC 3339 (2026-01-01T12:00:00Z) or how long ago it was: 30s, 2m, 1h.',
      examples: [
        'probectl history --limit 20',
        'probectl history --since 2m --pod toolbox',
        'probectl history --since 2026-01-01T12:00:00Z --until 2026-01-01T12:05:00Z --json',
        'probectl history --text passwd --reverse --limit 5',
      ],
    }),
  )
    .option('--since <time>', 'at or after this wall time', parseMoment)
    .option('--until <time>', 'before this wall time', parseMoment)
    .option('--text <text>', 'whose decoded value contains this, ignoring case')
    .option('--limit <n>', 'the newest n only (default: all)', parseCount(1, LIMIT_MAX))
    .option('--reverse', 'newest first');
  return withDaemon(command).action(async (options: HistoryOptions) => {
    const { history } = await import('../client/history.js');
    await history(options);
  });
}
