import type { BatchItem } from '@probed/protocol';
import { type RecordConditions, recordFilter, SessionPods, sessionFilter, traceFilter } from './item-filter';
import { recordOf } from './testing';

const pod = { name: 'api-1', namespace: 'shop', container: 'api', container_id: 'f', image: 'i' };
const record = recordOf(1, { pod, session: 's-1' });
const lost = { type: 'lost', node: 'node-1', map: 'events', map_id: 5, count: 1 } as BatchItem;
const trace = { type: 'trace', text: 'hello' } as BatchItem;
const session = { type: 'session', session: { id: 's-1', pod: 'api-1', namespace: 'shop' } } as BatchItem;
const command = { type: 'command', command: { session: 's-1' } } as BatchItem;

describe('recordFilter', () => {
  const ROWS: [RecordConditions, matches: boolean, lossToo: boolean][] = [
    [{}, true, true],
    [{ program: 'on_open' }, true, true],
    [{ program: '3' }, true, true],
    [{ program: '4' }, false, true],
    [{ map: 'events' }, true, true],
    [{ map: '5' }, true, true],
    [{ map: 'others' }, false, false],
    [{ hook: 'tracepoint:syscalls:sys_enter_openat' }, true, true],
    [{ hook: 'tracepoint:syscalls' }, false, true],
    [{ node: 'node-1' }, true, true],
    [{ node: 'node-2' }, false, false],
    [{ pod: 'api-1' }, true, true],
    [{ pod: 'shop/api-1' }, true, true],
    [{ pod: 'api' }, true, true],
    [{ pod: 'shop/api' }, true, true],
    [{ pod: 'ap' }, false, true],
    [{ pod: 'other/api-1' }, false, true],
    [{ session: 's-1' }, true, true],
    [{ session: 's-2' }, false, true],
    [{ node: 'node-1', pod: 'api-1', program: 'on_open' }, true, true],
    [{ node: 'node-1', pod: 'api-2' }, false, true],
  ];

  it.each(ROWS)('%j: record %s, loss %s', (conditions, matches, lossToo) => {
    const filter = recordFilter(conditions);
    expect(filter(record)).toBe(matches);
    expect(filter(lost)).toBe(lossToo);
  });

  it('passes no process of the node itself where a pod is wanted, and no other kinds of items', () => {
    expect(recordFilter({ pod: 'api-1' })(recordOf(1))).toBe(false);
    expect([trace, session, command].filter(recordFilter({}))).toEqual([]);
  });
});

it('traceFilter passes printk lines and nothing else', () => {
  expect([record, lost, trace, session, command].filter(traceFilter)).toEqual([trace]);
});

describe('sessionFilter', () => {
  const pods = new SessionPods();
  pods.learn({ id: 's-1', pod: 'api-1', namespace: 'shop' } as never);

  it.each([
    [{}, true],
    [{ session: 's-1' }, true],
    [{ session: 's-2' }, false],
    [{ pod: 'api-1' }, true],
    [{ pod: 'shop/api-1' }, true],
    [{ pod: 'shop/api-2' }, false],
    [{ pod: 'api-1', session: 's-2' }, false],
  ])('%j: %s', (conditions, matches) => {
    const filter = sessionFilter(conditions, pods);
    expect([session, command].filter(filter)).toEqual(matches ? [session, command] : []);
    expect([record, lost, trace].filter(filter)).toEqual([]);
  });

  it('does not take the command of a session it knows nothing of for one of the pod', () => {
    expect(sessionFilter({ pod: 'api-1' }, new SessionPods())(command)).toBe(false);
  });
});
