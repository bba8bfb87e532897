import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import loadWabt from 'wabt';
import { documents, example, fixture, probectl } from './probectl';

const folder = mkdtempSync(join(tmpdir(), 'probectl-test-'));

describe('hooks', () => {
  test('a pattern lists names with their state', () => {
    const { stdout, code } = probectl('hooks', 'tracepoint:sched:sched_process_*');
    expect(stdout).toMatch(/^NAME +STATE\n/);
    expect(stdout).toMatch(/^tracepoint:sched:sched_process_exec +live$/m);
    expect(stdout).not.toContain('kprobe:');
    expect(code).toBe(0);
  });

  test('kernel and user functions and perf events are there too', () => {
    const names = documents('hooks', '--live').map(({ kind, name }) => `${kind}:${name}`);
    expect(names).toEqual(
      expect.arrayContaining([
        'kprobe:tcp_v4_connect',
        'uprobe:/usr/bin/bash:readline',
        'perf_event:cpu-clock',
      ]),
    );
  });

  test('-v prints the format file of a tracepoint and the prototype of a function', () => {
    const format = probectl('hooks', '-v', 'tracepoint:sched:sched_process_exec').stdout;
    expect(format).toMatch(/name: sched_process_exec\n +ID: \d+\n/);
    expect(format).toContain('field:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;');
    const prototype = probectl('hooks', '-v', 'kprobe:tcp_v4_connect').stdout;
    expect(prototype).toContain('int tcp_v4_connect(struct sock *sk, struct sockaddr *uaddr, int addr_len)');
  });

  test('no match is exit code 1 with a hint', () => {
    const { code, stderr } = probectl('hooks', 'tracepoint:sched:sched_proces_exec');
    expect(stderr).toMatch(/nearest: tracepoint:sched:sched_process_exec/);
    expect(code).toBe(1);
  });
});

describe('btf dump', () => {
  const header = probectl('btf', 'dump').stdout;

  test('the emulated kernel as vmlinux.h', () => {
    expect(header.startsWith('#ifndef __VMLINUX_H__\n')).toBe(true);
    expect(header).toMatch(/^struct task_struct \{$/m);
    expect(header.endsWith('#endif /* __VMLINUX_H__ */\n')).toBe(true);
  });

  const clang = ['clang', 'clang-19'].find((name) => spawnSync(name, ['--version']).status === 0);
  if (clang) {
    test('which clang compiles', () => {
      writeFileSync(join(folder, 'vmlinux.h'), header);
      writeFileSync(join(folder, 'all.c'), '#include "vmlinux.h"\nint size = sizeof(struct task_struct);\n');
      const out = execFileSync(clang, ['-target', 'bpf', '-O2', '-S', '-o', '-', 'all.c'], { cwd: folder });
      expect(out.toString()).toContain('size:');
    });

    test('and run compiles C against it, or says what is wrong', () => {
      const source = readFileSync(join(__dirname, 'fixtures/typed.bpf.c'), 'utf8');
      writeFileSync(join(folder, 'typed.bpf.c'), source);
      const { code, stdout } = probectl('run', join(folder, 'typed.bpf.c'), '--for', '10ms', '--json');
      expect(code).toBe(0);
      expect(stdout).toBe(probectl('run', fixture('typed'), '--for', '10ms', '--json').stdout);
      writeFileSync(join(folder, 'bad.bpf.c'), source.replace('return 0;', 'return nothing;'));
      const bad = probectl('run', join(folder, 'bad.bpf.c'));
      expect(bad.stderr).toMatch(/bad\.bpf\.c:\d+: does not compile: .*undeclared identifier 'nothing'/);
      expect(bad.code).toBe(1);
    });
  }

  test("an object's types, as C and raw", () => {
    expect(probectl('btf', 'dump', fixture('typed')).stdout).toMatch(/^enum color \{\n\tRED = 0,/m);
    const raw = probectl('btf', 'dump', fixture('typed'), '--format', 'raw').stdout;
    expect(raw).toMatch(/^\[\d+\] STRUCT 'span' size=16 vlen=2\n\t'start_ns' type_id=\d+ bits_offset=0\n/m);
  });
});

describe('prog dump and list', () => {
  test('xlated names maps and helpers, with source lines when asked', () => {
    const plain = probectl('prog', 'dump', example('syscount'), 'count_syscall').stdout;
    expect(plain).toMatch(/^ +\d+: \(18\) r1 = map\[counts\]$/m);
    expect(plain).toMatch(/^ +\d+: \(85\) call bpf_map_lookup_elem#1$/m);
    expect(plain).not.toContain(';');
    const lines = probectl('prog', 'dump', example('syscount'), '--linum').stdout;
    expect(lines).toMatch(
      /^; .*bpf_map_lookup_elem.* \[file:.*syscount\.bpf\.c line_num:\d+ line_col:\d+\]$/m,
    );
  });

  test('jited writes a WebAssembly module', () => {
    const file = join(folder, 'out.wasm');
    const { stdout } = probectl('prog', 'dump', example('syscount'), '--format', 'jited', '--out', file);
    expect(stdout).toContain(`written to ${file}`);
    expect(WebAssembly.validate(readFileSync(file))).toBe(true);
  });

  test('jited prints the module as text that assembles', async () => {
    const { stdout } = probectl('prog', 'dump', example('syscount'), '--format', 'jited');
    expect(stdout).toMatch(
      /^;; count_syscall \(raw_tracepoint\/sys_enter\): \d+ bytes of WebAssembly\n\(module\n/,
    );
    const module = (await loadWabt()).parseWat('out.wat', stdout, { threads: true, mutable_globals: true });
    expect(WebAssembly.validate(module.toBinary({}).buffer as Uint8Array<ArrayBuffer>)).toBe(true);
  });

  test('step lists a run, the same with each seed', () => {
    const args = ['prog', 'step', example('syscount'), 'count_syscall', '--run', '2', '--json'];
    const steps = documents(...args);
    const last = steps.pop();
    expect(last).toMatchObject({
      type: 'run',
      program: 'count_syscall',
      run: 2,
      steps: steps.length,
      result: 0,
    });
    expect(steps[0]).toMatchObject({ step: 1, slot: 0, depth: 0, source: { text: expect.any(String) } });
    expect(documents(...args).slice(0, -1)).toEqual(steps);
    const { stdout } = probectl(...args.slice(0, 4));
    expect(stdout).toMatch(/^ +\d+: \(18\) r1 = map\[counts\] +r1=0x[0-9a-f]+ map counts$/m);
    const never = probectl('prog', 'step', example('syscount'), 'count_syscall', '--scenario', 'none');
    expect({ code: never.code, line: never.stderr.split('\n').at(-2) }).toEqual({
      code: 1,
      line: expect.stringMatching(/did not run at all in scenario none.*--why/),
    });
  });

  test('list shows programs, maps and variables', () => {
    const [list] = documents('prog', 'list', fixture('typed'));
    expect(list).toMatchObject({
      programs: [{ name: 'emit', section: 'tracepoint/sched/sched_process_exec', type: 'tracepoint' }],
    });
    expect(list['maps']).toContainEqual(
      expect.objectContaining({ name: 'owners', type: 'hash', key: 'struct owner', value: 'struct span' }),
    );
    expect(list['variables']).toContainEqual(
      expect.objectContaining({ name: 'triple', section: '.bss', type: '__s32[3]', size: 12 }),
    );
  });
});

test('scenario list and show', () => {
  const names = documents('scenario', 'list').map(({ name }) => name);
  expect(names).toContain('demo');
  for (const name of names)
    expect(probectl('scenario', 'show', name as string).stdout).toContain(`${name}: `);
});

test('version names the emulated kernel', () => {
  expect(documents('version')[0]).toMatchObject({ kernel: expect.stringMatching(/^6\.18/) });
});
