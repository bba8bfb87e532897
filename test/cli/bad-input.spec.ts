import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { example, fixture, ofType, parseDocuments, probectl, rejectedExample } from './probectl';

const folder = mkdtempSync(join(tmpdir(), 'probectl-test-'));
const good = readFileSync(example('execaudit'));

function inFile(name: string, contents: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, contents);
  return path;
}

/** `e_machine` of an ELF header is the u16 at 18. */
function forMachine(machine: number): Uint8Array {
  const bytes = Uint8Array.from(good);
  bytes[18] = machine;
  bytes[19] = 0;
  return bytes;
}

mkdirSync(join(folder, 'folder.bpf.o'));

const OBJECTS: readonly (readonly [what: string, path: string, says: RegExp])[] = [
  ['missing', join(folder, 'missing.bpf.o'), /no such file/],
  ['a directory', join(folder, 'folder.bpf.o'), /is a directory/],
  ['empty', inFile('empty.bpf.o', ''), /empty/],
  ['text', inFile('text.bpf.o', 'hello, world\n'), /text file/],
  ['truncated in its header', inFile('head.bpf.o', good.subarray(0, 40)), /truncated/],
  ['truncated in the middle', inFile('half.bpf.o', good.subarray(0, good.length / 2)), /truncated/],
  ['for x86-64', inFile('x86.bpf.o', forMachine(62)), /x86-64/],
  [
    'random bytes',
    inFile(
      'random.bpf.o',
      Uint8Array.from({ length: 5000 }, (_, i) => (i * i * 31) >> 3),
    ),
    /ELF/,
  ],
  ['with a map of 2^31 entries', fixture('huge_map'), /2147483648|larger than/],
  ['with a wrong section name', fixture('wrong_section'), /tracepont.*nearest: tracepoint/],
  [
    'with a hook that does not exist',
    fixture('odd_hooks'),
    /tcp_v4_konnect does not exist.*did you mean .*tcp_v4_connect/,
  ],
];

test.each(OBJECTS)('an object that is %s: one line, exit code 1', (_what, path, says) => {
  const { code, stdout, stderr } = probectl('run', path, '--strict', '--for', '10ms');
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(stderr.startsWith('probectl: ')).toBe(true);
  expect(stdout).toBe('');
  expect(code).toBe(1);
});

test('a program that the verifier refuses: one line and the end of the log; -v gives all of it', () => {
  const { code, stderr } = probectl('run', rejectedExample('out_of_bounds'));
  const [line, ...log] = stderr.trimEnd().split('\n');
  expect(line).toMatch(
    /out_of_bounds\.bpf\.o: program count_by_number \(raw_tracepoint\/sys_enter\): .* \(E[A-Z]+\)$/,
  );
  expect(log.every((text) => text.startsWith('    '))).toBe(true);
  expect(code).toBe(1);
  const whole = probectl('run', rejectedExample('out_of_bounds'), '-v').stderr;
  expect(whole.split('\n').length).toBeGreaterThan(log.length);
  expect(whole).toContain('processed ');
});

const REFUSED: readonly (readonly [args: string, says: RegExp])[] = [
  ['--scenario demoo', /no scenario demoo; did you mean demo\?/],
  ['--set target_pd=4', /no global variable target_pd; did you mean target_pid\?/],
  ['--set target_pid=many', /target_pid.*no integer/],
  ['--set target_pid=4294967296', /does not fit/],
  ['--map count:max=4', /no map count.*did you mean counts\?/],
  ['--event nothing', /no struct nothing/],
  ['--event evnts=event', /no map evnts/],
  ['--attach count_syscal=sys_exit', /no program count_syscal.*did you mean count_syscall\?/],
  ['--attach count_syscall=sys_entr', /sys_entr does not exist.*did you mean .*sys_enter/],
];

test.each(REFUSED)('run %s is refused', (args, says) => {
  const { code, stderr } = probectl('run', example('syscount'), '--for', '1ms', ...args.split(' '));
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});

const INITS: readonly (readonly [text: string, says: RegExp])[] = [
  ['{"owners": [\n  {"key": 1,, }\n]}', /init\.json:2:13: /],
  ['{"owners": [', /init\.json:1:13: .*the file ends/],
  ['[1]', /an object of maps is wanted/],
  ['{"owner": {}}', /no map owner.*did you mean owners/],
  ['{"owners": [{"key": {"pid": 1}}]}', /init\.json: owners: /],
  ['{"owners": [{"key": {"pdi": 1}, "value": {}}]}', /map owners, entry 1, key\.pdi: .*no member pdi/],
  ['{"sparse": {"1000": 1}}', /map sparse, entry 1: .*E2BIG/],
  ['{"levels": {"0": {"level": 40000}}}', /value\.level: 40000 does not fit/],
];

test.each(INITS)('--map-init with %j is refused', (text, says) => {
  const { code, stderr } = probectl('run', fixture('typed'), '--map-init', inFile('init.json', text));
  expect(stderr).toMatch(says);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(1);
});

const USAGE = [
  'run',
  'run x --for 5x',
  'run x --seed -1',
  'run x --nope',
  'runn x',
  'prog nope',
  'hooks --kind x',
];

test.each(USAGE)('%s is wrong usage: exit code 2', (args) => {
  const { code, stderr } = probectl(...args.split(' '));
  expect(stderr).toMatch(/^probectl: .*; see: probectl/);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  expect(code).toBe(2);
});

test('programs that will not run are told on stderr, and what hangs where on stdout', () => {
  const called = probectl(
    ...['run', fixture('odd_hooks'), '--json', '--for', '10ms', '--attach', 'missing=tcp_v4_connect'],
  );
  expect(called.code).toBe(0);
  expect(called.stderr).toMatch(/inert will not run.*sched_kthread_stop/);
  expect(called.stderr).toMatch(/elsewhere \(xdp\) is loaded, not attached/);
  expect(called.stderr).toMatch(/anywhere \(kprobe\) is loaded, not attached/);
  expect(called.stderr).toMatch(/optional \(kprobe\/vfs_read\) is optional and left out/);
  const attached = ofType(parseDocuments(called.stdout), 'attach').map(({ program, state }) => [
    program,
    state,
  ]);
  expect(attached).toEqual([
    ['missing', 'live'],
    ['inert', 'inert'],
  ]);
});

test('a bad file does not keep prog verify from the others', () => {
  const { code, stdout, stderr } = probectl(
    ...['prog', 'verify', join(folder, 'text.bpf.o'), example('syscount'), '--json'],
  );
  expect(stderr).toMatch(/text\.bpf\.o: .*text file/);
  expect(parseDocuments(stdout)).toHaveLength(1);
  expect(code).toBe(1);
});

test('a reader that goes away is no fault', () => {
  const bin = join(__dirname, '../../bin/probectl');
  const { stderr, stdout } = spawnSync('sh', ['-c', `"${process.execPath}" "${bin}" btf dump | head -1`], {
    encoding: 'utf8',
    timeout: 50_000,
  });
  expect(stdout).toBe('#ifndef __VMLINUX_H__\n');
  expect(stderr).toBe('');
});
