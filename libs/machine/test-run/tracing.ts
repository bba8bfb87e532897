import { AttachType } from '@probed/spec';
import type { TestRunAttr, TestRunReply } from './attributes';
import { refused } from './refusal';
import type { TestRunSite } from './run-program';

/**
 * net/bpf/test_run.c: bpf_prog_test_run_tracing. It does not run the program: it calls functions of the kernel's own
 * that programs may be attached to. Here they are not there, so that it stands for what they compute when nothing is.
 */
const RESULTS: ReadonlyMap<number, number> = new Map([
  [AttachType.TRACE_FENTRY, 0],
  [AttachType.TRACE_FEXIT, 0],
]);

export function runTracing({ program }: TestRunSite, attr: TestRunAttr): TestRunReply {
  if (attr.flags || attr.cpu || attr.batchSize)
    return refused(program, 'EINVAL', 'tracing programs take no flags, cpu or batch_size');
  const retval = RESULTS.get(program.spec.expectedAttachType);
  if (retval !== undefined) return { errno: 0, retval };
  if (program.spec.expectedAttachType === AttachType.MODIFY_RETURN)
    return refused(
      program,
      'EOPNOTSUPP',
      'bpf_modify_return_test is not emulated',
      'attach it, and fire its hook',
    );
  return refused(program, 'EFAULT', 'only fentry, fexit and fmod_ret programs have test runs');
}
