import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from './lock';
import { StateDir } from './state-dir';

const root = mkdtempSync(join(tmpdir(), 'state-'));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const fresh = () => StateDir.open(join(root, `s${++count}`, 'deep'));
const mode = (file: string) => statSync(file).mode & 0o777;

describe('token', () => {
  test('is made once, 32 bytes, for its owner only', () => {
    const state = fresh();
    const token = state.adminToken();
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    expect(mode(join(state.folder, 'admin.token'))).toBe(0o600);
    expect(mode(state.folder)).toBe(0o700);
    expect(StateDir.open(state.folder).adminToken()).toBe(token);
    expect(fresh().adminToken()).not.toBe(token);
  });

  test('that others may read is closed to them', () => {
    const state = fresh();
    const token = state.adminToken();
    const file = join(state.folder, 'admin.token');
    rmSync(file);
    writeFileSync(file, token, { mode: 0o644 });
    expect(state.adminToken()).toBe(token);
    expect(mode(file)).toBe(0o600);
  });

  test.each(['', 'short', `${'x'.repeat(43)} y`])('%j in the file is refused', (text) => {
    const state = fresh();
    writeFileSync(join(state.folder, 'admin.token'), text);
    expect(() => state.adminToken()).toThrow(/holds no token; remove it/);
  });
});

test('daemon.json is there from announce to retract', () => {
  const state = fresh();
  const file = {
    url: 'http://127.0.0.1:1',
    pid: process.pid,
    version: '1',
    started_at: '2026-01-01T00:00:00Z',
  };
  state.announce(file);
  expect(JSON.parse(readFileSync(join(state.folder, 'daemon.json'), 'utf8'))).toEqual(file);
  expect(readdirSync(state.folder)).toEqual(['daemon.json']);
  state.retract();
  expect(readdirSync(state.folder)).toEqual([]);
  state.announce({ ...file, pid: process.pid + 1 });
  state.retract();
  expect(readdirSync(state.folder)).toEqual(['daemon.json']);
});

test('a path that is a file, or below one, is refused in one line', () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  expect(() => StateDir.open(file)).toThrow(/state directory: .* is no folder; choose another/);
  expect(() => StateDir.open(join(file, 'x'))).toThrow(/is below something that is no folder/);
});

describe('lock', () => {
  test('is held until it is given back', () => {
    const { lockFile } = fresh();
    const release = takeLock(lockFile);
    expect(() => takeLock(lockFile)).toThrow(
      `another daemon (pid ${process.pid}) uses this state directory, see ${lockFile}`,
    );
    release();
    expect(existsSync(lockFile)).toBe(false);
    takeLock(lockFile)();
  });

  test('of a process that is no more is taken over', async () => {
    const { lockFile } = fresh();
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    writeFileSync(lockFile, JSON.stringify({ pid: child.pid, begun: '1' }));
    const release = takeLock(lockFile);
    expect(JSON.parse(readFileSync(lockFile, 'utf8'))).toMatchObject({ pid: process.pid });
    release();
  });

  test('of another process that lives is respected', async () => {
    const { lockFile } = fresh();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      writeFileSync(lockFile, JSON.stringify({ pid: child.pid }));
      expect(() => takeLock(lockFile)).toThrow(`pid ${child.pid}`);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });

  test.each([
    ['an earlier process of our pid', JSON.stringify({ pid: process.pid, begun: '1' })],
    ['an earlier process of a living pid', JSON.stringify({ pid: 1, begun: '0' })],
    ['nobody: an empty file', ''],
    ['nobody: not JSON', 'x'],
  ])('of %s is taken over', (_, text) => {
    if (!existsSync('/proc/1/stat')) return;
    const { lockFile } = fresh();
    writeFileSync(lockFile, text);
    takeLock(lockFile)();
  });

  test('is not given back once another has it', () => {
    const { lockFile } = fresh();
    const release = takeLock(lockFile);
    writeFileSync(lockFile, '{"pid":1}');
    release();
    expect(readFileSync(lockFile, 'utf8')).toBe('{"pid":1}');
  });
});
