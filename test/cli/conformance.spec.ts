import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const PLUGIN = join(ROOT, 'bin/bpf-conformance-plugin');
const VECTORS = join(ROOT, 'dist/apps/cli/src/conformance/vectors.js');

function run(script: string, args: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    input,
    encoding: 'utf8',
  });
  return { code: status, stdout: stdout.trimEnd(), stderr: stderr.trimEnd() };
}

const EXIT_INSN = '95 00 00 00 00 00 00 00';
const LOAD_WORD = `61 10 00 00 00 00 00 00 ${EXIT_INSN}`;
const SHIFT_BY_65 = `b7 00 00 00 01 00 00 00 67 00 00 00 41 00 00 00 ${EXIT_INSN}`;
const CALL_5 = `b7 01 00 00 07 00 00 00 85 00 00 00 05 00 00 00 ${EXIT_INSN}`;

describe.each([[['--jit']], [['--interpret']], [[]]])('plugin %j', (engine) => {
  test.each([
    ['memory in r1', ['01 02 03 04'], LOAD_WORD, '4030201'],
    ['what a verifier refuses', [], SHIFT_BY_65, '2'],
    ["the suite's helper", [], CALL_5, '7'],
    ['all 64 bits of r0', [''], `b7 00 00 00 ff ff ff ff ${EXIT_INSN}`, 'ffffffffffffffff'],
  ])('%s', (_what, memory, input, r0) => {
    expect(run(PLUGIN, [...memory, ...engine], input)).toEqual({ code: 0, stdout: r0, stderr: '' });
  });

  test.each([
    ['no memory', [], LOAD_WORD, /access of 4 bytes at 0x0 is out of bounds/],
    ['an endless loop', [], `05 00 ff ff 00 00 00 00 ${EXIT_INSN}`, /budget/],
    ['half a byte', [], '9', /standard input: hex bytes/],
    ['memory that is no hex', ['xy'], LOAD_WORD, /MEMORY: hex bytes/],
    ['half an instruction', [], '95 00', /./],
  ])('%s', (_what, memory, input, message) => {
    const { code, stdout, stderr } = run(PLUGIN, [...memory, ...engine], input);
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 1, stdout: '', lines: 1 });
    expect(stderr).toMatch(message);
  });
});

test('vectors of a file, by both engines', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'probed-vectors-')), 'vectors.jsonl');
  const vector = (name: string, insns: string, result: string) =>
    JSON.stringify({ name, insns, mem: '01020304', result });
  writeFileSync(file, `${vector('load', LOAD_WORD, '0x4030201')}\n${vector('wrong', LOAD_WORD, '0x1')}\n`);
  const { code, stdout } = run(VECTORS, [file]);
  expect(code).toBe(1);
  expect(stdout.split('\n')).toEqual([
    'FAIL  interpret  wrong: r0 is 0x4030201, not 0x1',
    'interpret: 1 of 2 passed',
    'FAIL  jit  wrong: r0 is 0x4030201, not 0x1',
    'jit: 1 of 2 passed',
  ]);
  writeFileSync(file, `${vector('load', LOAD_WORD, '0x4030201')}\n`);
  expect(run(VECTORS, [file, '--jit'])).toEqual({ code: 0, stdout: 'jit: 1 of 1 passed', stderr: '' });
  expect(run(VECTORS, ['/nowhere'])).toMatchObject({ code: 2, stderr: expect.stringMatching(/ENOENT/) });
});
