import type { ExecSession } from '@probed/protocol';
import { useEffect, useMemo } from 'preact/hooks';
import { useServices } from '../../api/services';
import { Badge, Dot, Empty, ErrorNote, type Tone } from '../../components/basics';
import { plural } from '../../format/number';
import { clock } from '../../format/time';
import { useCell } from '../../state/cell';
import { routeHash } from '../../state/route';
import type { ViewProps } from '../view-props';
import { SessionDetail } from './session-detail';
import { SessionFeed } from './session-feed';

const STATE_TONES: Readonly<Record<ExecSession['state'], Tone>> = {
  running: 'ok',
  exited: 'muted',
  lost: 'warn',
};

/** Exec sessions on the left, the commands of one on the right. */
export function SessionsView({ route }: ViewProps) {
  const { api, stream } = useServices();
  const feed = useMemo(() => new SessionFeed({ api, stream }), [api, stream]);
  useEffect(() => feed.start(), [feed]);
  const { sessions, loaded, error } = useCell(feed.state);
  // Without a choice the first one is shown: a running one, when there is any.
  const openId = route.id ?? sessions[0]?.id;
  useEffect(() => feed.show(openId), [feed, openId]);
  const open = sessions.find(({ id }) => id === openId);
  const running = sessions.filter(({ state }) => state === 'running').length;

  return (
    <div class="view master-detail">
      <nav class="master" aria-label="Exec sessions">
        <header class="master-head">
          <h1 class="toolbar-title">Exec sessions</h1>
          {loaded && (
            <span class="counts">
              {running > 0 ? `${running} running` : plural(sessions.length, 'session')}
            </span>
          )}
        </header>
        {error && <ErrorNote error={error} />}
        <div class="scroll">
          {sessions.map((session) => (
            <SessionItem key={session.id} session={session} open={session.id === openId} />
          ))}
        </div>
      </nav>
      <div class="detail">
        {open ? (
          <SessionDetail key={open.id} session={open} feed={feed} />
        ) : (
          loaded && (
            <Empty title={openId ? `There is no session ${openId}` : 'No exec sessions yet'}>
              A session begins when somebody runs a command in a container:{' '}
              <code>probectl exec -it POD -- bash</code>. Every command that runs in it is listed here.
            </Empty>
          )
        )}
      </div>
    </div>
  );
}

function SessionItem({ session, open }: { session: ExecSession; open: boolean }) {
  return (
    <a class="master-item" href={routeHash('sessions', session.id)} aria-current={open ? 'true' : undefined}>
      <span class="item-title">
        <Dot tone={STATE_TONES[session.state]} label={session.state} />
        {session.pod}
        {session.exit_code !== undefined && session.exit_code !== 0 && (
          <Badge tone="bad">{session.exit_code}</Badge>
        )}
      </span>
      <span class="item-text mono">{session.command.join(' ')}</span>
      <span class="item-text">
        {clock(session.started_at).slice(0, 8)} · {plural(session.commands, 'command')} ·{' '}
        {session.user || 'unknown user'}
      </span>
    </a>
  );
}
