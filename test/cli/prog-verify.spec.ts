import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLES, example, parseDocuments, probectl, rejectedExample } from './probectl';

const accepted = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'rejected')
  .map(({ name }) => example(name));

describe('prog verify --json', () => {
  test('every example is accepted', () => {
    const { code, stdout } = probectl('prog', 'verify', ...accepted, '--json');
    const verdicts = parseDocuments(stdout);
    expect(verdicts.length).toBeGreaterThanOrEqual(accepted.length);
    for (const verdict of verdicts) expect(verdict).toMatchObject({ verdict: 'accept', errno: 0 });
    expect(code).toBe(0);
  });

  test('one line a program, with exactly the documented members', () => {
    const { stdout } = probectl('prog', 'verify', example('execaudit'), '--json');
    const verdicts = parseDocuments(stdout);
    expect(verdicts.map(({ program }) => program)).toEqual(['on_execve', 'on_exec']);
    expect(Object.keys(verdicts[0])).toEqual(
      expect.arrayContaining([
        'file',
        'section',
        'program',
        'type',
        'insns',
        'verdict',
        'errno',
        'log',
        'processed',
      ]),
    );
    expect(verdicts[0]).toMatchObject({
      section: 'tracepoint/syscalls/sys_enter_execve',
      type: 'tracepoint',
    });
    expect(Object.keys(verdicts[0])).toHaveLength(9);
  });

  test.each([
    ['missing_null_check', 13, "R0 invalid mem access 'map_value_or_null'"],
    [
      'out_of_bounds',
      22,
      'math between map_value pointer and register with unbounded min value is not allowed',
    ],
    ['leaked_record', 22, 'Unreleased reference'],
  ])('%s is refused with errno %i', (name, errno, complaint) => {
    const { code, stdout } = probectl('prog', 'verify', rejectedExample(name), '--json');
    const [verdict] = parseDocuments(stdout);
    expect(verdict).toMatchObject({ verdict: 'reject', errno });
    expect((verdict['log'] as string[]).some((line) => line.startsWith(complaint))).toBe(true);
    expect(code).toBe(1);
  });

  test('without capabilities nothing is accepted', () => {
    const { code, stdout } = probectl('prog', 'verify', example('syscount'), '--caps', 'none', '--json');
    expect(parseDocuments(stdout)[0]).toMatchObject({ verdict: 'reject', errno: 1 });
    expect(code).toBe(1);
  });
});

test('prog verify prints a table, with -v the logs above it', () => {
  const { stdout } = probectl('prog', 'verify', example('syscount'));
  const [heading, row] = stdout.trimEnd().split('\n');
  expect(heading).toMatch(/^FILE +SECTION +PROGRAM +TYPE +INSNS +PROCESSED +VERDICT +REASON$/);
  expect(row).toMatch(
    /syscount\.bpf\.o +raw_tracepoint\/sys_enter +count_syscall +raw_tracepoint +35 +\d+ +accept$/,
  );
  expect(probectl('prog', 'verify', '-v', example('syscount')).stdout).toMatch(/^ +processed \d+ insns/m);
});

describe('prog verify --explain', () => {
  test('says why with the line of C, where values come from, the way there and the fix', () => {
    const { code, stdout } = probectl('prog', 'verify', '--explain', rejectedExample('out_of_bounds'));
    expect(code).toBe(1);
    for (const part of [
      /^✗ .*out_of_bounds\.bpf\.o: count_by_number \(raw_tracepoint\/sys_enter\) was refused: EINVAL$/m,
      /^ {2}math between map_value pointer and register with unbounded min value is not allowed$/m,
      /--> .*out_of_bounds\.bpf\.c:26 in count_by_number\(\)/,
      /26 \| +h->slots\[nr\] \+= 1;/,
      /What it means/,
      /What usually fixes it/,
      /← rejected\/out_of_bounds\.bpf\.c:21 .*r6 = \*\(u64 \*\)\(r1 \+8\)/,
      /How it got there\n.*:24 .*jump not taken +if \(!h\)/,
    ]) {
      expect(stdout).toMatch(part);
    }
    expect(stdout).not.toContain('\x1b');
  });

  test('as a member of the JSON document, of refused programs only', () => {
    const { stdout } = probectl(
      'prog',
      'verify',
      '--explain',
      rejectedExample('leaked_record'),
      example('syscount'),
      '--json',
    );
    const [refused, fine] = parseDocuments(stdout);
    expect(fine).not.toHaveProperty('explanation');
    expect(refused['explanation']).toMatchObject({
      id: 'unreleased-reference',
      errno: 22,
      at: { code: 'exit', line: 29 },
      acquired: { line: 19, source: expect.stringContaining('bpf_ringbuf_reserve') },
      path: [{ kind: 'not-taken' }, { kind: 'taken' }],
      omitted: 0,
    });
  });
});

test('the demo explains every example there is', () => {
  const { code, stdout } = probectl('demo', '--for', '500ms');
  const names = accepted.map((path) => path.split('/').at(-2)!);
  for (const name of names) expect(stdout).toMatch(new RegExp(`^  ${name} +\\S`, 'm'));
  for (const file of readdirSync(join(EXAMPLES, 'rejected')).filter((name) => name.endsWith('.o')))
    expect(stdout).toContain(`rejected/${file}: `);
  expect(code).toBe(0);
});
