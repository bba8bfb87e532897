import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProgType } from '@probed/spec';
import { run } from '../fixtures/run-case';

/** Logs that Linux 6.18.44 printed for the same programs; map addresses are replaced by 0x0. */
function golden(name: string): string {
  return readFileSync(join(__dirname, '..', 'fixtures', name), 'utf8');
}

/** Addresses of maps stand as 0x0 in the fixtures, and what follows is not aligned to them. */
function comparable(log: string): string {
  return log
    .split('\n')
    .map((line) =>
      line
        .replace(/(\(18\) r\d = 0x)[0-9a-f]+ +;/, '$10 ;')
        .replace(/(\(18\) r\d = 0x)[0-9a-f]+$/, '$10')
        .trimEnd(),
    )
    .join('\n')
    .trimEnd();
}

const LOOKUP = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[hash]
  call map_lookup_elem`;

test.each<[string, number, string]>([
  [
    'loop-with-call.log',
    2,
    `r6 = 0
     *(u64 *)(r10 - 8) = r6
     again:
     r1 = r6
     call f
     r2 = *(u64 *)(r10 - 8)
     r6 += r0
     r6 += 1
     if r6 < 5 goto again
     exit
     f:
     r0 = 1
     if r1 > 3 goto +1
     exit
     exit`,
  ],
  ['missing-null-check.log', 1, `${LOOKUP}\nr0 = *(u64 *)(r0 + 0)\nexit`],
  ['look-up.log', 2, `${LOOKUP}\nif r0 == 0 goto +2\nr1 = *(u8 *)(r0 + 0)\nr0 += r1\nr0 = 0\nexit`],
  ['look-up-level-1.log', 1, `${LOOKUP}\nif r0 == 0 goto +2\nr1 = *(u8 *)(r0 + 0)\nr0 += r1\nr0 = 0\nexit`],
])('%s is what the kernel prints', (file, logLevel, asm) => {
  const result = run({ asm, logLevel, type: ProgType.SOCKET_FILTER });
  const log = result.ok ? result.value.log : result.error.log;
  expect(comparable(log.join('\n'))).toBe(comparable(golden(file)));
});

test('at level 0 only the complaint is kept', () => {
  const result = run({ asm: 'r0 = r7\nexit' });
  expect(result.ok ? [] : result.error.log).toEqual(['R7 !read_ok']);
  expect(run({ asm: 'r0 = 0\nexit' })).toMatchObject({ ok: true, value: { log: [], processed: 2 } });
});

test('source lines are printed once', () => {
  const line = (insn: number, text: string) => ({
    insn,
    file: '/src/prog.c',
    text,
    line: insn + 10,
    column: 1,
  });
  const result = run({
    asm: 'r0 = 0\nr0 += 1\nexit',
    logLevel: 2,
    lineInfo: [line(0, '\tint x = 0;'), line(2, '  return x;')],
  });
  expect(result.ok && result.value.log.filter((l) => l.startsWith(';'))).toEqual([
    '; int x = 0; @ prog.c:10',
    '; return x; @ prog.c:12',
  ]);
});
