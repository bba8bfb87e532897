import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** An empty project with the package in it, and nothing of this repository in reach. */
const project = mkdtempSync(join(tmpdir(), 'probed-consumer-'));
const run = (file: string, args: readonly string[], cwd = project) =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const write = (name: string, text: string) => writeFileSync(join(project, name), text);
const tool = (path: string) => join(ROOT, 'node_modules', path);

/** The tarball by npm; where no registry answers, unpacked with the dependencies of this repository. */
function install(tarball: string): void {
  write('package.json', '{ "name": "consumer", "private": true }');
  try {
    run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0', tarball]);
  } catch {
    console.info('skipped: no registry to install dependencies from; they are linked');
    const modules = join(project, 'node_modules');
    mkdirSync(modules, { recursive: true });
    run('tar', ['-xzf', tarball, '-C', modules]);
    run('mv', [join(modules, 'package'), join(modules, 'probed')]);
    for (const name of ['rxjs', 'tslib']) symlinkSync(tool(name), join(modules, name));
  }
}

beforeAll(() => {
  const out = join(project, 'pack', 'package');
  run(process.execPath, [join(ROOT, 'tools/pack-lib.mjs'), '--out', out], ROOT);
  const tarball = readdirSync(join(project, 'pack')).find((name) => name.endsWith('.tgz'));
  install(join(project, 'pack', tarball!));
}, 120_000);

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('has few files, and one dependency', () => {
  const folder = join(project, 'node_modules/probed');
  const { dependencies, name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  expect({ name, dependencies: Object.keys(dependencies) }).toEqual({
    name: 'probed',
    dependencies: ['rxjs'],
  });
  for (const file of ['README.md', 'LICENSE', 'index.cjs', 'index.mjs', 'index.d.ts', 'index.d.mts'])
    expect(existsSync(join(folder, file))).toBe(true);
  const types = readdirSync(join(folder, 'types'), { recursive: true, encoding: 'utf8' });
  const text = types
    .filter((file) => /\.d\.m?ts$/.test(file))
    .map((file) => readFileSync(join(folder, 'types', file), 'utf8'));
  expect(text.join('\n')).not.toMatch(/from '@probed|from 'node:/);
});

test('the example tests of both READMEs pass in jest', () => {
  const examples = {
    'package.test.js': join(project, 'node_modules/probed/README.md'),
    'readme.test.js': join(ROOT, 'README.md'),
  };
  for (const [file, readme] of Object.entries(examples))
    write(file, /```js\n([\s\S]*?)```/.exec(readFileSync(readme, 'utf8'))![1]);
  const out = run(process.execPath, [tool('jest/bin/jest.js'), '--rootDir', project, '--json', '--silent']);
  expect(JSON.parse(out)).toMatchObject({ numPassedTests: 2, numFailedTests: 0, success: true });
});

test('an ES module under node --test', () => {
  write(
    'maps.test.mjs',
    `import assert from 'node:assert/strict';
import test from 'node:test';
import { exampleObject, Machine } from 'probed';

test('counts', async () => {
  const machine = new Machine({ cpus: 2 });
  const coll = machine.load(exampleObject('syscount'));
  coll.attachAll();
  machine.syscall('getpid', { cpu: 1 });
  assert.deepEqual([...coll.map('counts')], [[39, [0n, 1n]]]);
  const { Machine: same } = await import('probed');
  assert.equal(same, Machine);
});
`,
  );
  expect(run(process.execPath, ['--test', 'maps.test.mjs'])).toMatch(/pass 1/);
});

test.each([
  ['node16', 'node16', 'consumer.mts'],
  ['node16', 'node16', 'consumer.cts'],
  ['esnext', 'bundler', 'consumer.ts'],
])('types: module %s, resolution %s, %s', (module, moduleResolution, file) => {
  write(
    file,
    `import { Collection, type EventRecord, Machine, ProbedError, exampleObject } from 'probed';
interface Event { pid: number; filename: string }
const machine = new Machine({ seed: 1, engine: 'interp' });
const coll: Collection = machine.load(exampleObject('execaudit'), { rodata: { target_uid: 1 } });
const records: EventRecord<Event>[] = coll.ringbuf<Event>('events').drain();
const total: number = records.map(({ value }) => value.pid).reduce((a, b) => a + b, 0);
coll.map<number, bigint>('events').set(1, 2n);
machine.syscall('openat', { args: { filename: '/x' }, ret: 3, task: { pid: 5 } });
coll.ringbuf('events').records$.subscribe((record) => record.value.anything);
// @ts-expect-error: a kind of option that there is not
new Machine({ cpu: 3 });
export const error: typeof ProbedError = ProbedError;
export { total };
`,
  );
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        strict: true,
        noEmit: true,
        skipLibCheck: false,
        target: 'es2022',
        lib: ['es2023', 'dom'],
        types: [],
        module,
        moduleResolution,
      },
      files: [file],
    }),
  );
  let complaints = '';
  try {
    run(process.execPath, [tool('typescript/bin/tsc'), '-p', 'tsconfig.json']);
  } catch (error) {
    complaints = String((error as { stdout?: string }).stdout ?? error);
  }
  expect(complaints).toBe('');
});
