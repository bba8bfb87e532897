import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fixture, parseDocuments, probectl, probectlWith } from './probectl';

const OBJECT = fixture('packets');
const HEAD = 'ffffffffffff0200000000010800';
const IP = '450000280001000040060000f97d7f0000017f0000021f90c350000000010000000250102000123400001234';
const PACKET = HEAD + IP;
/** What Linux 6.18 makes of it: `bpftool prog run`. */
const AFTER = {
  translate: `${HEAD}450000280001000040066e7d0a00000100017f0000021f90c350000000010000000250108e7d123400001234`,
  wrap: `${HEAD}4500000000000000400477fb0100000002000000${IP}`,
  grow: `${HEAD}000000000000${PACKET}0000000000000000`,
};

describe('prog test-run FILE', () => {
  test.each([
    ['translate', 7],
    ['wrap', 0],
    ['grow', 3],
  ] as const)('%s does to a packet what Linux does', (name, retval) => {
    const { code, stdout } = probectl('prog', 'test-run', OBJECT, name, '--data-in', PACKET, '--json');
    expect(code).toBe(0);
    expect(parseDocuments(stdout)).toEqual([
      expect.objectContaining({ program: name, run_errno: 0, retval, data_out: AFTER[name] }),
    ]);
  });

  test('packets and contexts in files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'test-run-'));
    const path = (name: string) => join(folder, name);
    try {
      writeFileSync(path('in'), Buffer.from(PACKET, 'hex'));
      const call = ['prog', 'test-run', OBJECT, 'translate', '--data-in', path('in')];
      const { code, stdout } = probectl(...call, '--data-out', path('out'), '--ctx-out', path('ctx'));
      expect(stdout).toMatch(/^Return value: 7, duration \(average\): \d+ns\n$/);
      expect(code).toBe(0);
      expect(readFileSync(path('out')).toString('hex')).toBe(AFTER.translate);
      expect(readFileSync(path('ctx')).readUInt32LE(8)).toBe(7);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('what does not fit is said, and cut', () => {
    const { code, stdout, stderr } = probectl(
      ...['prog', 'test-run', OBJECT, 'wrap', '--data-in', PACKET, '--data-size-out', '6', '--data-out', '-'],
    );
    expect(code).toBe(1);
    expect(stdout).toContain('\nffffffffffff\n');
    expect(stderr).toContain('ENOSPC');
  });

  test.each([
    [['prog', 'test-run'], 2, 'FILE is missing'],
    [['prog', 'test-run', OBJECT], 2, 'has 3 programs; say which; one of: translate, wrap, grow'],
    [['prog', 'test-run', OBJECT, 'shrink'], 2, 'has no program shrink'],
    [['prog', 'test-run', OBJECT, 'wrap', '--data-in', 'xyz'], 2, 'xyz is no file, and not hex bytes'],
    [['prog', 'test-run', OBJECT, 'wrap', '--data-in', '0011'], 1, '2 bytes of packet; 14 to 3712'],
    [['prog', 'test-run', OBJECT, 'wrap', '--both'], 2, '--both needs --jsonl'],
    [['prog', 'test-run', '--jsonl', '--jit', '--interpret'], 2, 'exclude each other'],
    [['prog', 'test-run', '--jsonl', OBJECT], 2, 'takes its cases from standard input'],
    [['prog', 'verify'], 2, 'FILE is missing'],
  ])('%j', (args, code, message) => {
    const called = probectl(...args);
    expect(called.code).toBe(code);
    expect(called.stderr).toContain(message);
    expect(called.stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});

const EXIT_0 = 'b7000000000000009500000000000000';
const CASES = [
  { id: 1, type: 'sched_cls', insns: EXIT_0, data: PACKET, license: 'GPL' },
  { id: 'two', type: 'xdp', insns: '9500000000000000', data: PACKET },
  { id: 3, type: 'xdp', insns: EXIT_0, data: PACKET, prog_flags: 0, test_flags: 0 },
];
const INPUT = `${CASES.map((one) => JSON.stringify(one)).join('\n')}\noops\n{"id":4,"type":"xdp"`;

describe('--jsonl', () => {
  test.each(['--jit', '--interpret', '--both', '--seed=3'])('prog test-run %s', (option) => {
    const { code, stdout } = probectlWith(INPUT, 'prog', 'test-run', '--jsonl', option);
    expect(code).toBe(0);
    expect(parseDocuments(stdout)).toEqual([
      {
        id: 1,
        verdict: 'accept',
        errno: 0,
        log: expect.any(Array),
        run_errno: 0,
        retval: 0,
        data_out: PACKET,
      },
      { id: 'two', verdict: 'reject', errno: 13, log: expect.arrayContaining(['R0 !read_ok']) },
      {
        id: 3,
        verdict: 'accept',
        errno: 0,
        log: expect.any(Array),
        run_errno: 0,
        retval: 0,
        data_out: PACKET,
      },
      { id: null, error: expect.stringContaining('malformed JSON') },
      { id: null, error: expect.stringContaining('malformed JSON') },
    ]);
  });

  test('prog verify gives verdicts alone', () => {
    const { code, stdout } = probectlWith(INPUT, 'prog', 'verify', '--jsonl', '--log-lines', '1');
    expect(code).toBe(0);
    const processed = [expect.stringMatching(/^processed /)];
    expect(parseDocuments(stdout).slice(0, 3)).toEqual([
      { id: 1, verdict: 'accept', errno: 0, log: processed },
      { id: 'two', verdict: 'reject', errno: 13, log: processed },
      { id: 3, verdict: 'accept', errno: 0, log: processed },
    ]);
  });
});
