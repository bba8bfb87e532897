import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, documents, example, fixture, ofType, probectl } from './probectl';

const folder = mkdtempSync(join(tmpdir(), 'probectl-test-'));

function inFile(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('determinism', () => {
  const args = ['run', example('execaudit'), '--json', '--for', '2s'];
  const first = probectl(...args);

  test('the same seed gives the same bytes', () => {
    expect(first.code).toBe(0);
    expect(first.stdout.length).toBeGreaterThan(5000);
    expect(probectl(...args).stdout).toBe(first.stdout);
  });

  test('the interpreter gives what the compiler gives', () => {
    expect(probectl(...args, '--engine', 'interp').stdout).toBe(first.stdout);
  });

  test('another seed gives other pids and times', () => {
    const other = probectl(...args, '--seed', '2').stdout;
    const facts = (text: string, member: string) =>
      new Set([...text.matchAll(new RegExp(`"${member}":(\\d+)`, 'g'))].map((match) => match[1]));
    for (const member of ['pid', 'ktime_ns']) {
      expect(facts(other, member)).not.toEqual(facts(first.stdout, member));
    }
  });

  test('names no path of this machine', () => {
    expect(first.stdout).not.toContain(process.cwd());
  });
});

describe('typed output', () => {
  const all = documents('run', fixture('typed'), '--for', '50ms');
  const records = ofType(all, 'record');

  test('a record is decoded by BTF, with its origin and its timestamps as wall time', () => {
    const record = records.find(({ map }) => map === 'shapes')!;
    const { ts } = record['value'] as Document;
    expect(record).toMatchObject({
      object: 'typed',
      program: 'emit',
      hook: 'tracepoint:sched:sched_process_exec',
      event: 'shape',
      value: {
        span: { start_ns: (ts as number) - 5000, level: -3 },
        color: 'GREEN',
        round: true,
        mac: '0100000000ff',
        saddr: 0x0100007f,
        where: '0x0',
        low: 5,
        high: 17,
        numbers: [0, -1, 0],
        path: '/\n\u001b',
      },
    });
    expect((record['value'] as Document)['name']).toBe((record['task'] as Document)['comm']);
    expect(record['time']).toMatch(/^2026-01-01T00:00:00\.\d{9}Z$/);
    expect(Object.keys(record['wall'] as Document)).toEqual(['ts', 'span.start_ns']);
    expect(record).not.toHaveProperty('raw');
  });

  test('times are whole nanoseconds and never go back', () => {
    const times = records.map(({ ktime_ns }) => ktime_ns as number);
    expect(times.every(Number.isInteger)).toBe(true);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
  });

  test('bytes that nothing explains are hex', () => {
    const record = records.find(({ map }) => map === 'raw')!;
    expect(record['raw']).toBe(Buffer.from('abcdefghijk').toString('hex'));
    expect(record).not.toHaveProperty('value');
  });

  test('the user may say what they are', () => {
    const named = ofType(
      documents('run', fixture('typed'), '--for', '10ms', '--event', 'raw=owner'),
      'record',
    );
    expect(named.find(({ map }) => map === 'raw')).toMatchObject({
      event: 'owner',
      value: { pid: 0x64636261, color: 0x68676665 },
      raw: Buffer.from('ijk').toString('hex'),
    });
    expect(named.find(({ map }) => map === 'shapes')).toMatchObject({ event: 'shape' });
  });

  test('trace lines stand where they were written', () => {
    const trace = ofType(all, 'trace');
    expect(trace[0]).toMatchObject({ text: 'tag none color 1' });
    expect(ofType(all, 'summary')[0]).toMatchObject({
      trace_lines: trace.length,
      records: records.length,
      lost: 0,
    });
    const ordered = all
      .filter(({ type }) => type === 'trace' || type === 'record')
      .map(({ ktime_ns }) => ktime_ns);
    expect([...ordered].sort((a, b) => (a as number) - (b as number))).toEqual(ordered);
  });

  test('maps are decoded: structs as keys, values per CPU, arrays without their zeros, variables by name', () => {
    const map = (name: string) => ofType(all, 'map').find((document) => document['map'] === name)!;
    const [owner] = map('owners')['entries'] as Document[];
    expect(owner).toMatchObject({ key: { color: 'BLUE' }, value: { level: 2 } });
    const runs = ((ofType(all, 'summary')[0]['programs'] as Document[])[0]['runs'] as number) ?? 0;
    const levels = (map('levels')['entries'] as Document[])[1];
    const perCpu = (levels['values'] as Document[]).map(({ level }) => level as number);
    expect(perCpu.reduce((sum, level) => sum + level, 0)).toBe(runs);
    expect(map('sparse')).toMatchObject({ entries: [{ key: 7, value: 5 * runs }], zero_entries: 999 });
    expect((map('typed.rodata')['variables'] as Document[]).slice(0, 2)).toEqual([
      { name: 'tag', value: 'none' },
      { name: 'step', value: 5 },
    ]);
    expect(map('typed.data')['variables']).toEqual([{ name: 'pick', value: 'GREEN' }]);
  });
});

describe('before the programs run', () => {
  test('--set gives variables their values by type', () => {
    const settings = { pick: 'BLUE', tag: 'hello', 'settings.level': '-9', step: '0x10', triple: '[1,2,3]' };
    const options = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    const all = documents('run', fixture('typed'), '--for', '10ms', ...options);
    const variables = ofType(all, 'map').flatMap(({ variables = [] }) => variables as Document[]);
    expect(Object.fromEntries(variables.map(({ name, value }) => [name, value]))).toMatchObject({
      tag: 'hello',
      step: 16,
      pick: 'BLUE',
      settings: { start_ns: 0, level: -9 },
      triple: [1, 2, 3],
    });
    expect(ofType(all, 'trace')[0]).toMatchObject({ text: 'tag hello color 7' });
  });

  test('--map-init fills maps, exact beyond 2^53 and on all CPUs', () => {
    const init = inFile(
      'init.json',
      `{"owners": [{"key": {"pid": 3, "color": "RED"}, "value": {"start_ns": 18446744073709551615}}],
        "sparse": {"9": 4}, "levels": {"0": {"level": 6}}}`,
    );
    const all = documents('run', fixture('typed'), '--for', '1ms', '--scenario', 'idle', '--map-init', init);
    const entries = (name: string) =>
      ofType(all, 'map').find((document) => document['map'] === name)!['entries'] as Document[];
    expect(entries('owners')).toContainEqual({
      key: { pid: 3, color: 'RED' },
      value: { start_ns: '18446744073709551615', level: 0 },
    });
    expect(entries('sparse')).toContainEqual({ key: 9, value: 4 });
    expect(entries('levels')[0]['values']).toEqual(new Array(4).fill({ start_ns: 0, level: 6 }));
  });

  test('--map sizes a map', () => {
    const all = documents('run', fixture('typed'), '--for', '1ms', '--map', 'owners:max=3');
    expect(ofType(all, 'map').find(({ map }) => map === 'owners')).toMatchObject({ max_entries: 3 });
  });

  test('--attach hangs a program elsewhere, more than once if asked', () => {
    const targets = ['sched/sched_process_fork', 'sched/sched_process_exit'];
    const options = targets.flatMap((target) => ['--attach', `emit=${target}`]);
    const all = documents('run', fixture('typed'), '--for', '200ms', ...options);
    expect(ofType(all, 'attach').map(({ hook }) => hook)).toEqual([
      'tracepoint:sched:sched_process_fork',
      'tracepoint:sched:sched_process_exit',
    ]);
  });
});

describe('the examples', () => {
  const eventOf = (document: Document) => document['value'] as Document;

  test('execaudit has the whole argv, and the outcome', () => {
    const records = ofType(documents('run', example('execaudit')), 'record').map(eventOf);
    const cat = records.find(({ argv }) => argv === 'cat /etc/passwd')!;
    expect(cat).toMatchObject({ kind: 'EXEC_ATTEMPT', filename: '/usr/bin/cat', argc: 2, comm: 'bash' });
    expect(records).toContainEqual(
      expect.objectContaining({ kind: 'EXEC_DONE', pid: cat['pid'], filename: '/usr/bin/cat', comm: 'cat' }),
    );
  });

  test('opensnoop joins entry and exit', () => {
    const records = ofType(documents('run', example('opensnoop'), '--set', 'only_failed=true'), 'record').map(
      eventOf,
    );
    expect(records).toContainEqual(
      expect.objectContaining({ comm: 'cat', fname: '/etc/does-not-exist', ret: -2 }),
    );
    expect(records.every(({ ret, latency_ns: ns }) => (ret as number) < 0 && (ns as number) > 0)).toBe(true);
  });

  test('tcpconnect reads the socket', () => {
    const all = documents('run', example('tcpconnect'), '--scenario', 'network');
    const records = ofType(all, 'record').map(eventOf);
    expect(records.length).toBeGreaterThan(10);
    expect(records.every(({ daddr, dport }) => (daddr as number) !== 0 && (dport as number) > 0)).toBe(true);
  });

  test('uprobe_readline reads what was typed, and prints it to the trace pipe', () => {
    const all = documents('run', example('uprobe_readline'));
    const lines = ofType(all, 'record').map((record) => eventOf(record)['line']);
    expect(lines).toContain('cat /etc/passwd');
    expect(
      ofType(all, 'trace').map(({ text }) => (text as string).replace(/^readline in \d+: /, '')),
    ).toEqual(lines);
  });

  test('syscount counts what it saw', () => {
    const all = documents('run', example('syscount'), '--for', '1s');
    const map = (name: string) => ofType(all, 'map').find((document) => document['map'] === name)!;
    const sums = (map('counts')['entries'] as Document[]).map(({ sum }) => sum as number);
    const [total] = map('syscount.bss')['variables'] as Document[];
    expect(sums.reduce((a, b) => a + b, 0)).toBe(total['value']);
    expect(total['value']).toBeGreaterThan(100);
  });

  test('profile has stacks with names, and a rate of its own', () => {
    const all = documents('run', example('profile'), '--attach', 'sample=cpu-clock:hz=49');
    const stacks = ofType(all, 'map').find(({ map }) => map === 'stacks')!['stacks'] as Document[];
    const frames = stacks.flatMap(({ frames }) => frames as Document[]);
    expect(frames.map(({ symbol }) => symbol)).toContain('_PyEval_EvalFrameDefault');
    expect(frames.every(({ ip }) => /^0x[0-9a-f]+$/.test(ip as string))).toBe(true);
    const [{ programs, simulated_ns: ns }] = ofType(all, 'summary');
    const runs = (programs as Document[])[0]['runs'] as number;
    expect(runs / ((ns as number) / 1e9) / 4).toBeCloseTo(49, -1);
  });
});

describe('text output', () => {
  test('columns, heading and summary', () => {
    const { stdout, stderr, code } = probectl('run', example('opensnoop'), '--for', '100ms');
    const [heading, first] = stdout.split('\n');
    expect(code).toBe(0);
    expect(heading).toMatch(/^TIME +LATENCY_NS +PID +UID +RET +FLAGS +COMM +FNAME$/);
    expect(first).toMatch(/^00:00:00\.\d{6} +[\d.]+ [nµm]?s +\d+ +\d+ +-?\d+ O_\S+ +\S+ +\//);
    expect(stdout).toMatch(/\d+ records in 0\.1 s of virtual time \(scenario demo, seed 1\)\n$/);
    expect(stderr).toContain('exit_openat attached to tracepoint:syscalls:sys_exit_openat');
  });

  test('escapes what programs emit', () => {
    const { stdout } = probectl('run', fixture('typed'), '--for', '10ms');
    expect(stdout).toContain('/\\n\\x1b');
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('127.0.0.1');
    expect(stdout).toContain(' ::1 ');
  });

  test('--limit, --quiet and --no-maps leave out what they say', () => {
    const { stdout } = probectl('run', example('execaudit'), '--limit', '3', '--quiet');
    expect(stdout.trimEnd().split('\n')).toHaveLength(4);
    const all = documents('run', example('syscount'), '--for', '10ms', '--no-maps');
    expect(ofType(all, 'map')).toEqual([]);
    expect(ofType(all, 'summary')).toHaveLength(1);
  });

  test('prog tracelog prints as trace_pipe does', () => {
    const { stdout } = probectl('prog', 'tracelog', example('uprobe_readline'));
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines)
      expect(line).toMatch(/^ +bash-\d+ +\[\d{3}\] \.{4}1 +\d+\.\d{6}: bpf_trace_printk: readline in \d+: ./);
  });

  test('several objects run in one machine and are told apart', () => {
    const { stdout } = probectl('run', example('execaudit'), example('opensnoop'), '--for', '20ms');
    expect(stdout).toMatch(/^TIME +SOURCE/);
    for (const name of ['execaudit', 'opensnoop'])
      expect(stdout).toMatch(new RegExp(`^[\\d:.]+ ${name} `, 'm'));
  });
});
