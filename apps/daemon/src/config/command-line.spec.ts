import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseCommandLine } from './command-line';
import { optionRows } from './options';

function fault(
  args: readonly string[],
  env: Record<string, string> = {},
): { message: string; exitCode: number } {
  try {
    parseCommandLine(args, env);
  } catch (error) {
    return error as { message: string; exitCode: number };
  }
  return { message: 'none', exitCode: 0 };
}

const config = (args: readonly string[], env: Record<string, string> = {}) =>
  parseCommandLine(args, env).config!;

test('defaults', () => {
  expect(config([])).toEqual({
    host: '127.0.0.1',
    port: 8686,
    stateDir: join(homedir(), '.local/state/probed'),
    demo: false,
    scenario: 'demo-cluster',
    seed: 1,
    speed: 1,
    rate: 1,
    trace: false,
    allowHosts: [],
    allowOrigins: [],
    recordsMax: 5_000_000,
    dbMaxMb: 4_096,
    logLevel: 'info',
    jsonLogs: false,
  });
});

test.each([
  [{ XDG_STATE_HOME: '/x' }, '/x/probed'],
  [{ XDG_STATE_HOME: '/x', PROBED_STATE_DIR: '/y' }, '/y'],
  [{ XDG_STATE_HOME: '' }, join(homedir(), '.local/state/probed')],
])('state directory of %j is %s', (env, folder) => {
  expect(config([], env as Record<string, string>).stateDir).toBe(folder);
});

test('flags win over the environment, which wins over defaults', () => {
  const env = {
    PROBED_PORT: '1',
    PROBED_DEMO: '1',
    PROBED_TRACE: 'false',
    PROBED_SPEED: '2.5',
    PROBED_JSON: 'true',
  };
  expect(config(['--port', '2', '--no-demo'], env)).toMatchObject({
    port: 2,
    demo: false,
    trace: false,
    speed: 2.5,
    jsonLogs: true,
  });
});

test('the kernel to wear: a file from the folder that the daemon was started in', () => {
  expect(config(['--btf', 'x.btf'], { PROBED_RELEASE: '5.10.0-43-amd64' })).toMatchObject({
    btf: join(process.cwd(), 'x.btf'),
    release: '5.10.0-43-amd64',
  });
});

test('names and origins add up', () => {
  const env = { PROBED_ALLOW_HOST: 'a,b:80' };
  expect(config(['--allow-host', 'c', '--allow-origin', 'https://d.example'], env)).toMatchObject({
    allowHosts: ['a', 'b:80', 'c'],
    allowOrigins: ['https://d.example'],
  });
});

test.each([
  ['--port', '65536'],
  ['--port', '-1'],
  ['--port', '1e3'],
  ['--port', ''],
  ['--host', 'a b'],
  ['--seed', '4294967296'],
  ['--speed', '-1'],
  ['--speed', 'fast'],
  ['--rate', '1001'],
  ['--state-dir', ''],
  ['--scenario', '../x'],
  ['--allow-host', 'http://x'],
  ['--allow-origin', 'x.example'],
  ['--allow-origin', 'https://x.example/path'],
  ['--records-max', '10'],
  ['--db-max-mb', '1'],
  ['--log-level', 'loud'],
  ['--btf', ''],
  ['--release', 'six'],
])('%s %j is refused in one line, exit code 2', (flag, value) => {
  const { message, exitCode } = fault([`${flag}=${value}`]);
  expect(exitCode).toBe(2);
  expect(message).toContain(flag);
  expect(message).not.toContain('\n');
});

test.each([
  [['--prot', '1'], '--prot'],
  [['start'], 'too many arguments'],
  [['--port'], '--port'],
])('%j is refused', (args, named) => {
  expect(fault(args)).toMatchObject({ exitCode: 2, message: expect.stringContaining(named) });
});

test('the environment is checked as flags are', () => {
  expect(fault([], { PROBED_PORT: 'x' })).toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('--port'),
  });
  expect(fault([], { PROBED_DEMO: 'maybe' }).message).toBe('PROBED_DEMO is "maybe"; give 1 or 0');
});

test('help shows every option with its variable, and examples', () => {
  let text = '';
  const asked = parseCommandLine(['--help'], {}, (part) => {
    text += part;
  });
  expect(asked.config).toBeUndefined();
  for (const { flags, env } of optionRows({})) {
    expect(text).toContain(flags);
    expect(text).toContain(env);
  }
  expect(text).toContain('Examples:\n  $ npm start');
});
