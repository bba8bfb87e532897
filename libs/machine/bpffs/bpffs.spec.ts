import type { BpfMap } from '@probed/maps';
import { Bpffs, type PinnedObject } from './bpffs';

const MAP: PinnedObject = { kind: 'map', map: {} as BpfMap };
const ROOT = '/sys/fs/bpf';

function filled(): Bpffs {
  const bpffs = new Bpffs(() => undefined);
  for (const done of [
    bpffs.mkdir(`${ROOT}/d`),
    bpffs.mkdir(`${ROOT}/d/empty`),
    bpffs.pin(`${ROOT}/m`, MAP),
    bpffs.pin(`${ROOT}/d/m`, MAP),
  ])
    expect(done.ok).toBe(true);
  return bpffs;
}

/** As bpf(2), mkdir(2), rmdir(2) and unlink(2) answer on Linux 6.18. */
const REFUSED: readonly [call: 'pin' | 'mkdir' | 'get' | 'unlink' | 'rmdir', path: string, errno: number][] =
  [
    ['pin', `${ROOT}/m`, 17],
    ['pin', `${ROOT}/d`, 17],
    ['pin', `${ROOT}/d/`, 17],
    ['pin', ROOT, 17],
    ['pin', `${ROOT}/none/x`, 2],
    ['pin', `${ROOT}/new/`, 2],
    ['pin', `${ROOT}/m/x`, 20],
    ['pin', `${ROOT}/a.b`, 1],
    ['pin', `${ROOT}/a.b/c`, 1],
    ['pin', '/tmp/x', 1],
    ['pin', '/sys/fs', 1],
    ['pin', '/sys/fs/bpf/../x', 1],
    ['pin', '/sys/fs/bpfx', 1],
    ['pin', 'relative', 1],
    ['pin', '', 2],
    ['pin', `${ROOT}/${'x'.repeat(256)}`, 36],
    ['pin', `${ROOT}/${'é'.repeat(128)}`, 36],
    ['pin', `${ROOT}${'/x'.repeat(2100)}`, 36],
    ['mkdir', `${ROOT}/a.b`, 1],
    ['mkdir', `${ROOT}/d`, 17],
    ['mkdir', `${ROOT}/m`, 17],
    ['mkdir', `${ROOT}/none/x`, 2],
    ['get', `${ROOT}/none`, 2],
    ['get', `${ROOT}/d`, 13],
    ['get', `${ROOT}/a.b`, 1],
    ['get', `${ROOT}/m/`, 20],
    ['unlink', `${ROOT}/d`, 21],
    ['unlink', `${ROOT}/none`, 2],
    ['rmdir', `${ROOT}/m`, 20],
    ['rmdir', `${ROOT}/d`, 39],
    ['rmdir', ROOT, 16],
  ];

test.each(REFUSED)('%s %j gives errno %d in one line', (call, path, errno) => {
  const bpffs = filled();
  const before = [...bpffs.pins()].length;
  const done = call === 'pin' ? bpffs.pin(path, MAP) : bpffs[call](path);
  expect(done).toMatchObject({ ok: false, error: { errno, message: expect.stringMatching(/^[^\n]+$/) } });
  expect([...bpffs.pins()]).toHaveLength(before);
});

test('a path is one path however it is written', () => {
  const bpffs = filled();
  for (const path of ['/sys/fs/bpf//d/./m', '/sys/../sys/fs/bpf/d/m', `${ROOT}/d/empty/../m`])
    expect(bpffs.get(path)).toEqual({ ok: true, value: MAP });
  expect(bpffs.pin(`${ROOT}/${'x'.repeat(255)}`, MAP).ok).toBe(true);
  expect(bpffs.mkdir(`${ROOT}/new/`).ok).toBe(true);
});

test('lists a directory, a tree and a pin, in order', () => {
  const bpffs = filled();
  const paths = (listed: ReturnType<Bpffs['list']>) =>
    listed.ok ? listed.value.map(({ path }) => path) : [];
  expect(paths(bpffs.list(ROOT))).toEqual([`${ROOT}/d`, `${ROOT}/m`]);
  expect(paths(bpffs.list(`${ROOT}/d/m`))).toEqual([`${ROOT}/d/m`]);
  expect(paths(bpffs.tree(ROOT))).toEqual([`${ROOT}/d`, `${ROOT}/d/empty`, `${ROOT}/d/m`, `${ROOT}/m`]);
  expect(bpffs.tree(`${ROOT}/none`).ok).toBe(false);
});

test('what is taken away is gone, and its holder is told', () => {
  let told = 0;
  const bpffs = new Bpffs(() => told++);
  bpffs.mkdir(`${ROOT}/d`);
  bpffs.pin(`${ROOT}/d/m`, MAP);
  expect([bpffs.unlink(`${ROOT}/d/m`).ok, bpffs.rmdir(`${ROOT}/d`).ok, told]).toEqual([true, true, 2]);
  expect([...bpffs.pins()]).toEqual([]);
  expect(bpffs.pin(`${ROOT}/d`, MAP).ok).toBe(true);
});
