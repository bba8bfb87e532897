import { ProgType } from '@probed/spec';
import { run } from '../fixtures/run-case';

/** What the statistics say of the stack, and what compilers are told of each function. */
function depths(asm: string): { told: string | undefined; frames: readonly number[] } {
  const result = run({ asm, type: ProgType.SCHED_CLS, logLevel: 4 });
  if (!result.ok) throw new Error(result.error.log.join('\n'));
  const { log, subprograms } = result.value;
  return { told: log.find((l) => l.startsWith('stack depth')), frames: subprograms.map((s) => s.stackDepth) };
}

const AROUND_CALL = `
  *(u64 *)(r10 - 16) = r1
  call get_smp_processor_id
  r1 = *(u64 *)(r10 - 16)`;

// The figures are those of Linux 6.18.44.
test.each([
  ['a spill around a call that clobbers r0 only goes', `${AROUND_CALL}\nexit`, 'stack depth 8', 16],
  [
    'not where another instruction reads the slot',
    `${AROUND_CALL}\nr2 = *(u64 *)(r10 - 16)\nexit`,
    'stack depth 16',
    16,
  ],
  [
    'nor around a helper without that contract',
    '*(u64 *)(r10 - 16) = r1\ncall get_prandom_u32\nr1 = *(u64 *)(r10 - 16)\nexit',
    'stack depth 16',
    16,
  ],
])('%s', (_, asm, told, frame) => {
  expect(depths(asm)).toEqual({ told, frames: [frame] });
});
