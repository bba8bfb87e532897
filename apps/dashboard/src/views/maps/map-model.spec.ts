import type { MapMessage } from '@probed/protocol';
import { MapModel } from './map-model';

type Node = MapMessage['nodes'][number];

const node = (name: string, more: Partial<Node>): Node => ({
  node: name,
  time: '2026-01-01T00:00:00Z',
  kind: 'entries',
  ...more,
});
const message = (snapshot: boolean, nodes: Node[], batch = 1): MapMessage => ({
  subscription: 's',
  batch,
  snapshot,
  nodes,
});

function counts(): MapModel {
  const model = new MapModel();
  const entries = [
    { key: { pid: 1 }, value: 10 },
    { key: { pid: 2 }, value: 20 },
  ];
  model.take(
    message(true, [
      node('node-1', { entries }),
      node('node-2', { entries: [{ key: { pid: 1 }, value: 5 }] }),
    ]),
  );
  return model;
}

const shown = (model: MapModel, of = '') =>
  model.entries(of).map(({ node, key, value }) => [node, key, value]);

test('a snapshot is the whole contents, by node', () => {
  const model = counts();
  expect(model.nodes).toEqual(['node-1', 'node-2']);
  expect(model.kind).toBe('entries');
  expect(shown(model, 'node-2')).toEqual([['node-2', { pid: 1 }, 5]]);
  expect(shown(model)).toHaveLength(3);
});

test('later messages change, add and remove entries of their node alone', () => {
  const model = counts();
  const entries = [
    { key: { pid: 1 }, value: 11 },
    { key: { pid: 3 }, value: 1 },
  ];
  model.take(message(false, [node('node-1', { entries, removed: [{ pid: 2 }] })]));
  expect(shown(model)).toEqual([
    ['node-1', { pid: 1 }, 11],
    ['node-1', { pid: 3 }, 1],
    ['node-2', { pid: 1 }, 5],
  ]);
  expect(model.entries('').map(({ changedIn }) => changedIn)).toEqual([2, 2, 1]);
});

test('the next snapshot forgets what was before', () => {
  const model = counts();
  model.take(message(true, [node('node-1', { entries: [] })]));
  expect(shown(model)).toEqual([]);
  expect(model.nodes).toEqual(['node-1']);
});

test('variables and stacks change one by one', () => {
  const model = new MapModel();
  const variables = [
    { name: 'total', value: 1 },
    { name: 'mode', value: 'fast' },
  ];
  model.take(message(true, [node('n', { kind: 'variables', variables })]));
  model.take(message(false, [node('n', { kind: 'variables', variables: [{ name: 'total', value: 2 }] })]));
  expect(model.variables('').map(({ name, value }) => [name, value])).toEqual([
    ['total', 2],
    ['mode', 'fast'],
  ]);
  const stacks = [{ id: 7, frames: [{ address: '0x1', symbol: 'main' }] }];
  model.take(message(true, [node('n', { kind: 'stacks', stacks })]));
  expect(model.stacks('n')).toEqual([{ ...stacks[0], node: 'n' }]);
  model.take(message(false, [node('n', { kind: 'stacks', removed: [7] })]));
  expect(model.stacks('n')).toEqual([]);
});

test('what a dump leaves out is told', () => {
  const model = new MapModel();
  model.take(
    message(true, [node('a', { zero_entries: 3 }), node('b', { zero_entries: 4, truncated: true })]),
  );
  expect(model.zeroEntries('')).toBe(7);
  expect(model.truncated('a')).toBe(false);
  expect(model.truncated('')).toBe(true);
});
