import { MapType } from '@probed/spec';
import { map, run } from '../fixtures/run-case';

const PAGES = 10;
const arena = (name: string) =>
  map(name, { type: MapType.ARENA, keySize: 0, valueSize: 0, maxEntries: PAGES, flags: 1 << 10 });

function verdict(asm: string, caps?: readonly string[]): string {
  const result = run({ asm: `${asm}\nr0 = 0\nexit`, maps: [arena('arena'), arena('other')], caps });
  return result.ok ? 'accept' : result.error.message;
}

const CAST = 'r1 = map[arena][0]+0\nr2 = addr_space_cast(r1, 0, 1)';

/** What Linux 6.18 answered. */
test.each([
  ['reads', `${CAST}\nr3 = *(u64 *)(r2 + 8)`, 'accept'],
  ['writes a pointer', `${CAST}\n*(u64 *)(r2 + 0) = r10`, 'accept'],
  ['any arithmetic', `${CAST}\nr2 *= 3\nr2 &= r10\nr3 = *(u8 *)(r2 + 0)`, 'accept'],
  ['arithmetic of numbers with it', `${CAST}\nr3 = 7\nr3 += r2\nr4 = *(u32 *)(r3 + 0)`, 'accept'],
  ['adds', `${CAST}\nr3 = 1\nlock *(u64 *)(r2 + 0) += r3`, 'accept'],
  [
    'an atomic or that fetches',
    `${CAST}\nr3 = 1\nr3 = atomic_fetch_or((u64 *)(r2 + 0), r3)`,
    'BPF_ATOMIC stores into R2 arena is not allowed',
  ],
  [
    'its address is a number',
    'r1 = map[arena][0]+0\nr2 = *(u64 *)(r1 + 0)',
    "R1 invalid mem access 'scalar'",
  ],
  ['its end', `r1 = map[arena][0]+${PAGES * 4096}`, 'accept'],
  [
    'beyond its end',
    `r1 = map[arena][0]+${PAGES * 4096 + 1}`,
    `invalid access to map value pointer, value_size=0 off=${PAGES * 4096 + 1}`,
  ],
  ['two of them', 'r1 = map[arena]\nr2 = map[other]', 'Only one arena per program'],
  [
    'a cast without one',
    'r1 = 0\nr1 = addr_space_cast(r1, 0, 1)',
    'addr_space_cast insn can only be used in a program that has an associated arena',
  ],
])('%s', (_name, asm, expected) => {
  expect(verdict(asm)).toBe(expected);
});
