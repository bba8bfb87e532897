import type { MapContents } from '@probed/protocol';
import { digestOf, MapChanges } from './map-changes';

let readings = 0;

function contents(more: Partial<MapContents>): MapContents {
  const time = `2026-01-01T00:00:${String(readings++ % 60).padStart(2, '0')}Z`;
  return { node: 'node-1', time, kind: 'entries', ...more };
}

/** Successive readings and what the watcher is told after each. */
function watch(...readings: Partial<MapContents>[][]) {
  const changes = new MapChanges();
  return readings.map((nodes) => changes.next(nodes.map((node) => digestOf(contents(node)))));
}

describe('MapChanges', () => {
  it('gives the whole contents, then new, changed and removed entries', () => {
    const [first, second, third] = watch(
      [
        {
          entries: [
            { key: 1, value: 'a' },
            { key: 2, value: 'b' },
            { key: 3, value: 'c' },
          ],
        },
      ],
      [
        {
          entries: [
            { key: 1, value: 'a' },
            { key: 2, value: 'B' },
            { key: 4, value: 'd' },
          ],
        },
      ],
      [
        {
          entries: [
            { key: 4, value: 'd' },
            { key: 1, value: 'a' },
            { key: 2, value: 'B' },
          ],
        },
      ],
    );
    expect(first).toMatchObject({
      snapshot: true,
      nodes: [{ entries: [{ key: 1 }, { key: 2 }, { key: 3 }] }],
    });
    expect(second).toEqual({
      snapshot: false,
      nodes: [
        expect.objectContaining({
          node: 'node-1',
          kind: 'entries',
          entries: [
            { key: 2, value: 'B' },
            { key: 4, value: 'd' },
          ],
          removed: [3],
        }),
      ],
    });
    expect(third).toBeUndefined();
  });

  it('compares structured keys by their text', () => {
    const key = { pid: 7, comm: 'bash' };
    const [, second] = watch(
      [{ entries: [{ key: { ...key }, value: 1 }] }],
      [{ entries: [{ key: { ...key }, value: 2 }] }],
    );
    expect(second?.nodes[0]).toMatchObject({ entries: [{ key, value: 2 }] });
    expect(second?.nodes[0].removed).toBeUndefined();
  });

  it('sees a change on one CPU', () => {
    const [, second] = watch(
      [
        {
          entries: [
            { key: 0, values: [1, 1], sum: 2 },
            { key: 1, values: [0, 0], sum: 0 },
          ],
        },
      ],
      [
        {
          entries: [
            { key: 0, values: [1, 2], sum: 3 },
            { key: 1, values: [0, 0], sum: 0 },
          ],
        },
      ],
    );
    expect(second?.nodes[0].entries).toEqual([{ key: 0, values: [1, 2], sum: 3 }]);
  });

  it('follows stacks by id and variables by name', () => {
    const frames = [{ address: '0xffffffff81000000' }];
    const [, stacks] = watch(
      [
        {
          kind: 'stacks',
          stacks: [
            { id: 1, frames },
            { id: 2, frames },
          ],
        },
      ],
      [
        {
          kind: 'stacks',
          stacks: [
            { id: 2, frames },
            { id: 3, frames },
          ],
        },
      ],
    );
    expect(stacks?.nodes[0]).toMatchObject({ stacks: [{ id: 3, frames }], removed: [1] });
    const [, variables] = watch(
      [
        {
          kind: 'variables',
          variables: [
            { name: 'a', value: 1 },
            { name: 'b', value: [1] },
          ],
        },
      ],
      [
        {
          kind: 'variables',
          variables: [
            { name: 'a', value: 1 },
            { name: 'b', value: [2] },
          ],
        },
      ],
    );
    expect(variables?.nodes[0].variables).toEqual([{ name: 'b', value: [2] }]);
    expect(variables?.nodes[0].entries).toBeUndefined();
  });

  it('tells only of the nodes that changed', () => {
    const [first, second] = watch(
      [
        { node: 'a', entries: [{ key: 1, value: 1 }] },
        { node: 'b', entries: [] },
      ],
      [
        { node: 'a', entries: [{ key: 1, value: 1 }] },
        { node: 'b', entries: [{ key: 1, value: 1 }] },
      ],
    );
    expect(first?.nodes.map(({ node }) => node)).toEqual(['a', 'b']);
    expect(second?.nodes.map(({ node }) => node)).toEqual(['b']);
  });

  it('begins with a snapshot of an empty map or a buffer too, and then has nothing to say', () => {
    expect(watch([{ entries: [] }], [{ entries: [] }])).toMatchObject([{ snapshot: true }, undefined]);
    expect(watch([{ kind: 'buffer' }], [{ kind: 'buffer' }])).toMatchObject([{ snapshot: true }, undefined]);
  });

  it('gives a cut list as a whole again, as it does not know what is gone', () => {
    const [, second] = watch(
      [
        {
          truncated: true,
          entries: [
            { key: 1, value: 1 },
            { key: 2, value: 2 },
          ],
        },
      ],
      [
        {
          truncated: true,
          entries: [
            { key: 2, value: 2 },
            { key: 9, value: 9 },
          ],
        },
      ],
    );
    expect(second).toMatchObject({ snapshot: true, nodes: [{ entries: [{ key: 2 }, { key: 9 }] }] });
    expect(second?.nodes[0].removed).toBeUndefined();
  });
});
