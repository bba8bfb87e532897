import type { DaemonClient } from './daemon-client';
import { findMap } from './resolve';

/** A daemon of two objects that share a map, as LIBBPF_PIN_BY_NAME makes them; it is listed with the first. */
const shared = { id: 1, name: 'shared', object: 'first' };
const own = { id: 2, name: 'own', object: 'second' };
const answers: Readonly<Record<string, unknown>> = {
  listMaps: { maps: [shared, own] },
  listObjects: {
    objects: [
      { id: 1, name: 'first', maps: [shared] },
      { id: 2, name: 'second', maps: [shared, own] },
    ],
  },
};
const client = { call: async (name: string) => answers[name] } as unknown as DaemonClient;

test.each([
  ['1', 1],
  ['shared', 1],
  ['first/shared', 1],
  ['second/shared', 1],
  ['second/own', 2],
])('map %s', async (name, id) => {
  expect((await findMap(client, name)).id).toBe(id);
});

test.each(['first/own', 'third/shared', 'shred'])('no map %s', async (name) => {
  await expect(findMap(client, name)).rejects.toThrow(`no map ${name}`);
});
