import type { LoadedProgram } from '@probed/runtime';
import { TEST_FLAG, type TestRunAttr, type TestRunReply } from './attributes';
import { refused } from './refusal';
import { runRepeatedly, type TestRunSite } from './run-program';

/** MAX_BPF_FUNC_ARGS words. */
const WORDS_BYTES_MAX = 96;
const SYSCALL_BYTES_MAX = 0xffff;

/** net/bpf/test_run.c: bpf_prog_test_run_raw_tp. */
export function runOnWords(at: TestRunSite, attr: TestRunAttr): TestRunReply {
  const { program, machine, site } = at;
  if (attr.packet?.length || attr.ctxRoom !== undefined || attr.repeat || attr.batchSize)
    return refused(program, 'EINVAL', 'a raw tracepoint has a context alone: no packet, repeat, batch_size');
  const { flags = 0, cpu = 0 } = attr;
  const fault = contextFault(program, attr, WORDS_BYTES_MAX);
  if (fault) return fault;
  const chosen = (flags & TEST_FLAG.RUN_ON_CPU) !== 0;
  if (!chosen && cpu !== 0) return refused(program, 'EINVAL', 'a cpu needs BPF_F_TEST_RUN_ON_CPU');
  if (chosen && cpu >= machine.kernel.cpus) return refused(program, 'ENXIO', `there is no CPU ${cpu}`);
  const where = chosen ? { ...at, site: { ...site, cpu } } : at;
  return runOnBytes(where, attr.ctx ?? new Uint8Array(0));
}

/** net/bpf/test_run.c: bpf_prog_test_run_syscall. The caller's buffer is written back. */
export function runOnBuffer(at: TestRunSite, attr: TestRunAttr): TestRunReply {
  const { program } = at;
  const { ctx = new Uint8Array(0) } = attr;
  if (attr.packet?.length || attr.ctxRoom !== undefined || attr.repeat || attr.flags || attr.batchSize)
    return refused(program, 'EINVAL', 'a syscall program has a context alone: no packet, repeat, flags');
  return contextFault(program, attr, SYSCALL_BYTES_MAX) ?? runOnBytes(at, ctx, true);
}

function contextFault(program: LoadedProgram, { ctx }: TestRunAttr, max: number): TestRunReply | undefined {
  const bytes = ctx?.length ?? 0;
  const least = program.verified.contextBytes;
  if (bytes <= max && bytes >= least) return undefined;
  return refused(program, 'EINVAL', `${bytes} bytes of context; the program takes ${least} to ${max}`);
}

function runOnBytes(at: TestRunSite, bytes: Uint8Array, returns = false): TestRunReply {
  const { memory } = at.machine;
  const ctx = memory.alloc(Math.max(WORDS_BYTES_MAX, bytes.length));
  try {
    memory.u8.set(bytes, ctx);
    const retval = runRepeatedly(at, ctx);
    return { errno: 0, retval, ...(returns && { ctx: memory.copyOut(ctx, bytes.length) }) };
  } finally {
    memory.free(ctx);
  }
}
