/**
 * What Linux 6.18 answered to BPF_PROG_TEST_RUN: `recorded-6.18.jsonl` has a program, its input and the kernel's answer a
 * line, for each helper on packets with usual and unlawful arguments, and for each attribute of the system call. Both
 * engines must give the same.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { readCase } from '../../apps/cli/src/batch/batch-case';
import { type CaseOutcome, CaseRunner } from '../../apps/cli/src/batch/case-runner';

interface Recorded {
  readonly name: string;
  readonly want: Readonly<Record<string, unknown>>;
}

const RECORDED: readonly Recorded[] = readFileSync(join(__dirname, 'recorded-6.18.jsonl'), 'utf8')
  .split('\n')
  .filter(Boolean)
  .map((line) => JSON.parse(line));

const image = loadKernelImage();

/** The members that were recorded: without packet where the kernel had nothing to copy, without a context unasked for. */
function answer(outcome: CaseOutcome, want: Recorded['want']): Readonly<Record<string, unknown>> {
  const { errno, run_errno, retval, data_out, ctx_out } = outcome;
  const all: Readonly<Record<string, unknown>> = { errno, run_errno, retval, data_out, ctx_out };
  return Object.fromEntries(Object.keys(want).map((name) => [name, all[name]]));
}

test('there are hundreds of them, of all packet types', () => {
  expect(RECORDED.length).toBeGreaterThan(500);
});

describe.each(['jit', 'interp'] as const)('%s', (engine) => {
  const runner = new CaseRunner(image, engine, 1);

  test.each(RECORDED.map((one) => [one.name, one] as const))(
    '%s',
    (_name, { want, name: _, ...document }) => {
      const { outcome } = runner.run(readCase(document, image.btf), 0);
      expect(answer(outcome, want)).toEqual(want);
    },
  );
});
