import type { Batch, BatchItem, ExecSession, SessionCommand } from '@probed/protocol';
import type { Services } from '../../api/services';
import type { Subscription } from '../../api/stream';
import { SessionFeed } from './session-feed';

const session = (id: string, more: Partial<ExecSession> = {}): ExecSession => ({
  id,
  boot: 'b',
  pod: 'web-0',
  namespace: 'shop',
  container: 'nginx',
  node: 'node-1',
  command: ['bash'],
  tty: true,
  user: 'alice',
  state: 'exited',
  pid: 10,
  started_at: `2026-01-01T00:00:0${id}Z`,
  commands: 0,
  ...more,
});

const command = (of: string, seq: number, more: Partial<SessionCommand> = {}): SessionCommand => ({
  session: of,
  seq,
  kind: 'exec',
  pid: 10 + seq,
  ppid: 10,
  comm: 'ls',
  argv: ['ls'],
  start_ns: seq,
  time: '2026-01-01T00:00:00Z',
  ...more,
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A feed on a daemon that has stored these sessions and commands. */
async function harness(stored: ExecSession[], commands: SessionCommand[] = []) {
  let subscription: Subscription | undefined;
  const answers: Readonly<Record<string, (id: string) => unknown>> = {
    listExecSessions: () => ({ sessions: stored }),
    getExecSession: (id) => {
      const found = stored.find((one) => one.id === id);
      if (!found) throw new Error(`there is no exec session ${id}`);
      return { ...found, command_list: commands.filter((one) => one.session === id) };
    },
  };
  const services = {
    api: {
      call: async (operation: string, request: { params?: { id: string } }) =>
        answers[operation](request.params?.id ?? ''),
    },
    stream: {
      subscribe: (given: Subscription) => {
        subscription = given;
        return () => {};
      },
    },
  } as unknown as Pick<Services, 'api' | 'stream'>;
  const feed = new SessionFeed(services, (render) => render());
  const end = feed.start();
  await settled();
  const receive = (items: BatchItem[]) =>
    subscription!.onBatch!({ subscription: 's', batch: 1, items, dropped: 0 } satisfies Batch);
  return { feed, end, receive, ids: () => feed.state.value.sessions.map(({ id }) => id) };
}

test('running sessions come first, then the newest', async () => {
  const { end, ids, receive } = await harness([
    session('3'),
    session('2'),
    session('1', { state: 'running' }),
  ]);
  expect(ids()).toEqual(['1', '3', '2']);
  receive([{ type: 'session', session: session('4', { state: 'running' }) }]);
  expect(ids()).toEqual(['4', '1', '3', '2']);
  receive([{ type: 'session', session: session('1') }]);
  expect(ids()).toEqual(['4', '3', '2', '1']);
  end();
});

test('the open session has its stored commands and those that come, once each', async () => {
  const { feed, end, receive } = await harness(
    [session('1'), session('2')],
    [command('1', 1), command('2', 1)],
  );
  feed.show('1');
  await settled();
  receive([
    { type: 'command', command: command('1', 1, { end_ns: 9, exit_code: 0 }) },
    { type: 'command', command: command('1', 2) },
    { type: 'command', command: command('2', 2) },
  ]);
  expect(feed.commands.value?.map(({ session: of, seq, exit_code }) => [of, seq, exit_code])).toEqual([
    ['1', 1, 0],
    ['1', 2, undefined],
  ]);
  expect(feed.state.value.sessions.find(({ id }) => id === '1')?.commands).toBe(2);
  feed.show('2');
  expect(feed.commands.value).toBeUndefined();
  await settled();
  expect(feed.commands.value).toHaveLength(1);
  end();
});

test('a session that is none is an error', async () => {
  const { feed, end } = await harness([session('1')]);
  feed.show('9');
  await settled();
  expect(feed.state.value.error?.message).toBe('there is no exec session 9');
  expect(feed.state.value.loaded).toBe(true);
  end();
});
