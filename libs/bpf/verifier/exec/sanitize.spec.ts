import { MapType, ProgType } from '@probed/spec';
import { type Case, map, run } from '../fixtures/run-case';

const VALUE_BYTES = 48;
const ARRAY = map('array', { type: MapType.ARRAY, valueSize: VALUE_BYTES, maxEntries: 4 });
const HASH = map('hash', { valueSize: VALUE_BYTES });

function verdict(asm: string, more: Partial<Case> = {}): string {
  const result = run({ asm, type: ProgType.SOCKET_FILTER, caps: [], maps: [ARRAY, HASH], ...more });
  return result.ok ? 'accept' : result.error.message;
}

const FORBIDDEN = 'pointer arithmetic with it prohibited for !root';
const LOOKUP = `
  *(u32 *)(r10 - 4) = 0
  r2 = r10
  r2 += -4
  r1 = map[hash]
  call map_lookup_elem
  if r0 != 0 goto +1
  exit
  r6 = r0`;

/** What Linux 6.18 answered for socket filters of a caller without capabilities. */
describe('pointers of the unprivileged', () => {
  test.each([
    ['known offset into the stack', 'r1 = r10\nr1 += -16\n*(u64 *)(r1 + 0) = 0\nr0 = 0\nexit', 'accept'],
    [
      'beyond the stack',
      'r1 = r10\nr1 += 8\nr0 = 0\nexit',
      'R1 stack pointer arithmetic goes out of range, prohibited for !root; off=8',
    ],
    [
      'unknown offset into the stack',
      'r2 = *(u32 *)(r1 + 0)\nr2 &= 7\nr1 = r10\nr1 += -16\nr1 += r2\nr0 = 0\nexit',
      'R1 variable stack access prohibited for !root, var_off=(0x0; 0x7) off=-16',
    ],
    [
      'bounded offset into a map value',
      `r7 = *(u32 *)(r1 + 0)\nr7 &= 31\n${LOOKUP}\nr6 += r7\nr0 = *(u8 *)(r6 + 0)\nexit`,
      'accept',
    ],
    [
      'offset of either sign',
      `r7 = *(u32 *)(r1 + 0)\nr7 &= 3\nr7 -= 1\n${LOOKUP}\nr6 += 4\nr6 += r7\nr0 = 0\nexit`,
      `R7 has unknown scalar with mixed signed bounds, ${FORBIDDEN}`,
    ],
    [
      'out of the map value',
      `${LOOKUP}\nr6 += ${VALUE_BYTES}\nr0 = 0\nexit`,
      `invalid access to map value, value_size=${VALUE_BYTES} off=${VALUE_BYTES} size=1`,
    ],
    [
      'context moved by a register',
      'r2 = 8\nr1 += r2\nr0 = 0\nexit',
      `R1 has pointer with unsupported alu operation, ${FORBIDDEN}`,
    ],
    ['pointer minus pointer', 'r1 -= r10\nr0 = 0\nexit', 'R1 pointer -= pointer prohibited'],
    ['returned pointer', 'r0 = r1\nexit', 'R0 leaks addr as return value'],
    [
      'comparison of pointers',
      'r2 = r10\nif r1 == r2 goto +0\nr0 = 0\nexit',
      'R2 pointer comparison prohibited',
    ],
    [
      'part of a spilled pointer overwritten',
      '*(u64 *)(r10 - 8) = r1\n*(u32 *)(r10 - 8) = 0\nr0 = 0\nexit',
      'attempt to corrupt spilled pointer on stack',
    ],
    ['stack that nobody wrote', 'r0 = *(u64 *)(r10 - 8)\nexit', 'invalid read from stack R10 off=-8 size=8'],
    ['a loop', 'r0 = 3\nagain:\nr0 += -1\nif r0 != 0 goto again\nexit', 'back-edge from insn 2 to 1'],
    [
      'a function',
      'call f\nexit\nf:\nr0 = 0\nexit',
      'loading/calling other bpf or kernel functions are allowed for CAP_BPF and CAP_SYS_ADMIN',
    ],
  ])('%s', (_name, asm, expected) => {
    expect(verdict(asm)).toBe(expected);
  });
});

describe('paths that are only taken in vain', () => {
  const DEAD_BRANCH = 'r0 = 0\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 + 0)\nexit';

  test('may fail: a barrier stands before the instruction', () => {
    expect(verdict(DEAD_BRANCH)).toBe('accept');
    expect(verdict(DEAD_BRANCH, { logLevel: 2 })).toBe('accept');
  });

  test('are named in the log', () => {
    const result = run({ asm: DEAD_BRANCH, type: ProgType.SOCKET_FILTER, caps: [], logLevel: 2 });
    const log = result.ok ? result.value.log : [];
    expect(log.filter((line) => line.startsWith('from 1 to 2 (speculative execution):'))).toHaveLength(1);
    expect(log).toContain("R0 invalid mem access 'scalar'");
  });

  test('are no part of the program', () => {
    const result = run({ asm: DEAD_BRANCH, type: ProgType.SOCKET_FILTER, caps: [] });
    expect(result.ok && result.value.facts.map((facts) => facts.reachable)).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  test('are not walked for CAP_PERFMON', () => {
    const processed = (caps: readonly string[]) => {
      const result = run({ asm: DEAD_BRANCH, type: ProgType.SOCKET_FILTER, caps });
      return result.ok ? result.value.processed : 0;
    };
    expect(processed(['CAP_BPF', 'CAP_PERFMON'])).toBe(3);
    expect(processed(['CAP_BPF'])).toBe(4);
  });
});
