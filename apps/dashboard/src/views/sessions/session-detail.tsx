import type { ExecSession, SessionCommand } from '@probed/protocol';
import { useEffect, useMemo, useRef } from 'preact/hooks';
import { Badge, Empty } from '../../components/basics';
import { Scrollable } from '../../components/scrollable';
import { plural } from '../../format/number';
import { clock, dayAndClock, duration } from '../../format/time';
import { useCell } from '../../state/cell';
import { routeHash } from '../../state/route';
import { type CommandRow, commandRows, commandTree } from './command-tree';
import type { SessionFeed } from './session-feed';

const STATE_BADGES = { running: 'ok', exited: 'muted', lost: 'warn' } as const;
/** Closer to the end than this counts as being there. */
const AT_END_PX = 40;
const ID_CHARS_MAX = 24;
const INDENT_PX = 18;

/** One session: who, where, and every command that ran in it. */
export function SessionDetail({ session, feed }: { session: ExecSession; feed: SessionFeed }) {
  const commands = useCell(feed.commands);
  const rows = useMemo(() => commandRows(commandTree(commands ?? [])), [commands]);
  const box = useFollowedEnd(rows.length, session.state === 'running');
  return (
    <article class="detail-pane" aria-label={`Session ${session.id}`}>
      <header class="detail-head">
        <div class="detail-title">
          <h2>
            {session.namespace}/{session.pod}
          </h2>
          <Badge tone={STATE_BADGES[session.state]}>{session.state}</Badge>
          {session.exit_code !== undefined && <ExitCode code={session.exit_code} />}
          <span class="toolbar-space" />
          <a class="button" href={routeHash('live', undefined, { session: session.id })}>
            Its records
          </a>
        </div>
        <p class="session-command mono">
          <span class="faint" aria-hidden="true">
            ${' '}
          </span>
          {session.command.join(' ')}
        </p>
        <p class="quiet detail-facts">
          <span>container {session.container}</span>
          <span>{session.node}</span>
          <span>by {session.user || 'unknown'}</span>
          <span>{session.tty ? 'terminal' : 'no terminal'}</span>
          <span>
            {dayAndClock(session.started_at)}
            {session.ended_at && ` – ${clock(session.ended_at).slice(0, 8)}`}
          </span>
          <span>{plural(session.commands, 'command')}</span>
          <span class="mono" title={session.id}>
            {session.id.length > ID_CHARS_MAX ? `${session.id.slice(0, ID_CHARS_MAX)}…` : session.id}
          </span>
        </p>
      </header>
      {commands === undefined ? (
        <p class="quiet pad">Reading …</p>
      ) : rows.length === 0 ? (
        <Empty title="No commands yet">They appear here as they start.</Empty>
      ) : (
        <Scrollable className="table-box" label="Commands" box={box}>
          <CommandTable rows={rows} live={session.state === 'running'} />
        </Scrollable>
      )}
    </article>
  );
}

function CommandTable({ rows, live }: { rows: readonly CommandRow[]; live: boolean }) {
  return (
    <table class="table commands">
      <thead>
        <tr>
          <th scope="col">Time</th>
          <th scope="col" class="wide">
            Command
          </th>
          <th scope="col" class="num">
            pid
          </th>
          <th scope="col" class="num">
            ppid
          </th>
          <th scope="col">Exit</th>
          <th scope="col" class="num">
            Duration
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ command, depth }) => (
          <tr key={command.seq} class={`command command-${command.kind}`}>
            <td class="mono quiet" title={command.time}>
              {clock(command.time)}
            </td>
            <td class="wide">
              <div class="command-text" style={{ paddingLeft: `${depth * INDENT_PX}px` }}>
                <CommandText command={command} />
              </div>
            </td>
            <td class="num figure">{command.kind === 'line' ? '' : command.pid}</td>
            <td class="num figure quiet">{command.kind === 'line' ? '' : command.ppid}</td>
            <td>{command.exit_code !== undefined && <ExitCode code={command.exit_code} />}</td>
            <td class="num figure quiet">{lasted(command, live)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CommandText({ command }: { command: SessionCommand }) {
  const { kind, argv, filename, cwd } = command;
  if (kind === 'line')
    return (
      <span class="entered mono">
        <span class="prompt" aria-hidden="true">
          ❯
        </span>
        {argv[0]}
      </span>
    );
  const title = [filename, cwd && `in ${cwd}`].filter(Boolean).join(' ');
  return (
    <span class="mono" title={title}>
      <span class="argv0">{argv[0] ?? command.comm}</span> {argv.slice(1).map(shown).join(' ')}
      {kind === 'builtin' && <span class="builtin-mark">builtin</span>}
    </span>
  );
}

/** An argument so that its bounds can be seen. */
function shown(argument: string): string {
  return /^[\w@%+=:,./~^-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}

function ExitCode({ code }: { code: number }) {
  return (
    <Badge tone={code === 0 ? 'ok' : 'bad'} title={`exit code ${code}`}>
      {code === 0 ? '0' : String(code)}
    </Badge>
  );
}

function lasted({ kind, start_ns, end_ns }: SessionCommand, live: boolean): string {
  if (kind !== 'exec') return '';
  if (end_ns === undefined) return live ? 'running' : '';
  return duration(end_ns - start_ns);
}

/** Keeps the end in sight while rows come, until the reader scrolls up. */
function useFollowedEnd(count: number, follow: boolean) {
  const box = useRef<HTMLElement>(null);
  const atEnd = useRef(true);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const read = () => {
      atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX;
    };
    element.addEventListener('scroll', read, { passive: true });
    return () => element.removeEventListener('scroll', read);
  }, [count > 0]);
  useEffect(() => {
    if (follow && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [count, follow]);
  return box;
}
