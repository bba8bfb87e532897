import { err, ok, type Result } from '@probed/base';
import type { LoadedProgram } from '@probed/runtime';
import { ProgType, programTypeName } from '@probed/spec';
import type { FireSite } from '../fire/fire-context';
import type { Machine } from '../machine';
import { REPEAT_MAX, type TestRunAttr, type TestRunReply } from './attributes';
import { runFlowDissector } from './flow-dissector';
import { refused } from './refusal';
import type { TestRunSite } from './run-program';
import { runOnSkb } from './skb';
import { runTracing } from './tracing';
import { runOnBuffer, runOnWords } from './words';
import { runOnXdp } from './xdp';

type Runner = (at: TestRunSite, attr: TestRunAttr) => TestRunReply;

const P = ProgType;

/** `struct bpf_prog_ops.test_run` by program type; types without a row have none (ENOTSUPP). */
const RUNNERS: ReadonlyMap<number, Runner> = new Map<number, Runner>([
  [P.SOCKET_FILTER, runOnSkb],
  [P.SCHED_CLS, runOnSkb],
  [P.SCHED_ACT, runOnSkb],
  [P.CGROUP_SKB, runOnSkb],
  [P.LWT_IN, runOnSkb],
  [P.LWT_OUT, runOnSkb],
  [P.LWT_XMIT, runOnSkb],
  [P.XDP, runOnXdp],
  [P.RAW_TRACEPOINT, runOnWords],
  [P.SYSCALL, runOnBuffer],
  [P.FLOW_DISSECTOR, runFlowDissector],
  [P.TRACING, runTracing],
  [P.SK_LOOKUP, ({ program }) => absent(program)],
  [P.NETFILTER, ({ program }) => absent(program)],
  [P.STRUCT_OPS, ({ program }) => absent(program)],
]);

/** Linux has test runs of the type, this machine has not. */
function absent(program: LoadedProgram) {
  const message = `test runs of ${programTypeName(program.spec.type)} programs are not supported`;
  return refused(program, 'EOPNOTSUPP', message, 'attach it, and fire its hook');
}

/**
 * `BPF_PROG_TEST_RUN`: runs a program with an input of the caller's, off any hook.
 *
 * @param clock real time in ns, which the reply's duration is measured with; without it there is none
 */
export function progTestRun(
  machine: Machine,
  program: LoadedProgram,
  attr: TestRunAttr,
  site: FireSite,
  clock?: () => number,
): TestRunReply {
  const run = RUNNERS.get(program.spec.type);
  if (!run) {
    const message = `${programTypeName(program.spec.type)} programs have no test runs`;
    return refused(program, 'ENOTSUPP', message, 'attach it, and fire its hook');
  }
  if ((attr.repeat ?? 0) > REPEAT_MAX)
    return refused(program, 'EINVAL', `repeat ${attr.repeat}; at most ${REPEAT_MAX} here`);
  let tookNs: number | undefined;
  const took = (ns: number) => {
    tookNs = ns;
  };
  const reply = run({ machine, program, site, clock, took }, attr);
  return tookNs === undefined ? reply : { ...reply, durationNs: Math.round(tookNs / (attr.repeat || 1)) };
}

/** What a test run of the library is given. */
export type TestRunInput = Pick<TestRunAttr, 'packet' | 'ctx'>;

/** What it gives back. */
export interface TestRunOutput {
  /** r0, low 32 bits, unsigned. */
  readonly ret: number;
  /** The packet as the program left it. */
  readonly packet?: Uint8Array;
  /** The context as the program left it. */
  readonly ctx?: Uint8Array;
}

/**
 * {@link progTestRun} with room for all that comes back. Of tracing programs Linux runs functions of its own and not the
 * program, which would be no help here: they are refused. Errors: `not-supported`, `test-run`, with the kernel's errno.
 */
export function testRun(
  machine: Machine,
  program: LoadedProgram,
  { packet, ctx }: TestRunInput,
  site: FireSite,
): Result<TestRunOutput> {
  if (program.spec.type === P.TRACING) return err(absent(program).fault);
  const room =
    program.spec.type === P.RAW_TRACEPOINT || program.spec.type === P.SYSCALL ? undefined : ctx?.length;
  const reply = progTestRun(machine, program, { packet, ctx, ctxRoom: room }, site);
  if (reply.fault) return err(reply.fault);
  const { retval: ret, packet: after } = reply;
  const left = reply.ctx ?? (program.spec.type === P.RAW_TRACEPOINT ? ctx : undefined);
  return ok({ ret, ...(after && { packet: after }), ...(left && { ctx: left }) });
}
