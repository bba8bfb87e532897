import { join } from 'node:path';
import type { ExecSessionQuery } from '@probed/protocol';
import { BOOT, execSession, openStore, sessionCommand, testFolder } from './testing';

const folder = testFolder();
let files = 0;
const newStore = () => openStore(join(folder, `${files++}.db`));

describe('exec sessions', () => {
  it('come back with their commands in order', () => {
    const store = newStore();
    store.commands.append({
      commands: [sessionCommand('exec-1', 2), sessionCommand('exec-1', 1), sessionCommand('exec-2', 1)],
      sessions: [execSession('exec-1')],
    });
    expect(store.commands['session.get']({ id: 'exec-1' })).toEqual({
      ...execSession('exec-1'),
      commands: 2,
      command_list: [sessionCommand('exec-1', 1), sessionCommand('exec-1', 2)],
    });
    expect(store.commands['session.get']({ id: 'exec-3' })).toBeNull();
    store.close();
  });

  it('are what was said of them last, and never run again after their end', () => {
    const store = newStore();
    const ended = { state: 'exited', ended_at: '2026-01-01T00:01:00Z', exit_code: 3 } as const;
    store.commands.append({ sessions: [execSession('exec-1')] });
    store.commands.append({ sessions: [execSession('exec-1', ended)] });
    store.commands.append({ sessions: [execSession('exec-1')] });
    expect(store.commands['session.get']({ id: 'exec-1' })).toMatchObject(ended);
    store.close();
  });

  it('keep the end of a command, whenever its start comes', () => {
    const store = newStore();
    const ended = sessionCommand('exec-1', 1, { end_ns: 9_000, exit_code: 1 });
    store.commands.append({ sessions: [execSession('exec-1')], commands: [sessionCommand('exec-1', 1)] });
    store.commands.append({ commands: [ended] });
    store.commands.append({ commands: [sessionCommand('exec-1', 1)] });
    expect(store.commands['session.get']({ id: 'exec-1' })?.command_list).toEqual([ended]);
    store.close();
  });

  it('are lost when their boot is over', () => {
    const store = newStore();
    store.commands.append({
      sessions: [
        execSession('old-running'),
        execSession('old-exited', { state: 'exited', ended_at: '2026-01-01T00:00:30Z', exit_code: 0 }),
        execSession('new', { boot: 'boot-b' }),
      ],
    });
    const time = '2026-01-01T00:05:00Z';
    store.commands['session.mark_lost']({ boot: 'boot-b', time });
    const state = (id: string) => store.commands['session.get']({ id });
    expect(state('old-running')).toMatchObject({ state: 'lost', ended_at: time });
    expect(state('old-exited')).toMatchObject({ state: 'exited', ended_at: '2026-01-01T00:00:30Z' });
    expect(state('new')).toMatchObject({ state: 'running', boot: 'boot-b' });
    expect(state('new')?.ended_at).toBeUndefined();
    store.close();
  });
});

describe('session.list', () => {
  const store = newStore();
  store.commands.append({
    sessions: [
      execSession('a'),
      execSession('b', { pod: 'db-0', state: 'exited' }),
      execSession('c', { namespace: 'test', state: 'lost' }),
      execSession('d', { namespace: 'test' }),
    ],
    commands: [sessionCommand('c', 1)],
  });
  afterAll(() => store.close());

  it.each<[Partial<ExecSessionQuery>, string[]]>([
    [{}, ['d', 'c', 'b', 'a']],
    [{ limit: 2 }, ['d', 'c']],
    [{ pod: 'web-1' }, ['d', 'c', 'a']],
    [{ pod: 'shop/web-1' }, ['a']],
    [{ state: 'running' }, ['d', 'a']],
    [{ state: 'lost', pod: 'test/web-1' }, ['c']],
    [{ pod: 'nothing' }, []],
  ])('%j', (query, ids) => {
    expect(store.commands['session.list']({ limit: 100, ...query }).map(({ id }) => id)).toEqual(ids);
  });

  it('counts commands', () => {
    const counts = store.commands['session.list']({ limit: 100 }).map(({ id, commands }) => [id, commands]);
    expect(Object.fromEntries(counts)).toEqual({ a: 0, b: 0, c: 1, d: 0 });
    expect(store.commands['session.list']({ limit: 1, pod: 'db-0' })[0].boot).toBe(BOOT);
  });
});
