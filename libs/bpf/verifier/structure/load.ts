import {
  AttachType,
  attachTypeLawful,
  BPF_F_SLEEPABLE,
  BPF_F_XDP_HAS_FRAGS,
  type Capability,
  ProgType,
  programType,
} from '@probed/spec';
import { BPF_COMPLEXITY_LIMIT_INSNS, type VerifierEnv } from '../env';

/** `prog_flags` besides the two that section names ask for (include/uapi/linux/bpf.h); there are no tokens to pass. */
const BPF_F_STRICT_ALIGNMENT = 1 << 0;
const BPF_F_ANY_ALIGNMENT = 1 << 1;
const BPF_F_TEST_RND_HI32 = 1 << 2;
const BPF_F_TEST_STATE_FREQ = 1 << 3;
const BPF_F_XDP_DEV_BOUND_ONLY = 1 << 6;
const BPF_F_TEST_REG_INVARIANTS = 1 << 7;

const KNOWN_FLAGS =
  BPF_F_STRICT_ALIGNMENT |
  BPF_F_ANY_ALIGNMENT |
  BPF_F_TEST_RND_HI32 |
  BPF_F_TEST_STATE_FREQ |
  BPF_F_SLEEPABLE |
  BPF_F_XDP_HAS_FRAGS |
  BPF_F_XDP_DEV_BOUND_ONLY |
  BPF_F_TEST_REG_INVARIANTS;

/** Instructions that a program without CAP_BPF may have. */
const BPF_MAXINSNS = 4096;

/** All that anybody may load when the administrator allows it (`kernel.unprivileged_bpf_disabled` = 0). */
const UNPRIVILEGED: ReadonlySet<number> = new Set([ProgType.SOCKET_FILTER, ProgType.CGROUP_SKB]);

/**
 * What bpf(2) asks of a program before it is verified: flags, size, the caller's capabilities, the attach type
 * (kernel/bpf/syscall.c: bpf_prog_load). Linux refuses without a word in the log.
 */
export function checkLoad(env: VerifierEnv): void {
  const { type, flags, expectedAttachType } = env.spec;
  const unknown = flags & ~KNOWN_FLAGS;
  if (unknown !== 0) env.reject('EINVAL', `program flags 0x${(unknown >>> 0).toString(16)} do not exist`);
  checkSize(env);
  const row = programType(type);
  const name = row?.name ?? String(type);
  const missing = missingCapability(env);
  if (missing) env.reject('EPERM', `program type ${name} needs ${missing}`);
  if (env.facts.deviations.has('no-trampoline') && needsTrampoline(env)) {
    env.reject('EPERM', `program type ${name} needs trampolines, which this kernel configuration lacks`);
  }
  if (!attachTypeLawful(type, expectedAttachType)) {
    env.reject('EINVAL', `program type ${name} does not take attach type ${expectedAttachType}`);
  }
  if (!row) env.reject('EINVAL', `program type ${type} does not exist`);
  if (type === ProgType.LIRC_MODE2 && env.facts.deviations.has('no-lirc')) {
    env.reject('EINVAL', `program type ${name} does not exist in this kernel configuration`);
  }
}

function checkSize(env: VerifierEnv): void {
  const count = env.insns.length;
  if (count === 0) env.reject('E2BIG', 'program has no instructions');
  if (count > (env.bpfCapable ? BPF_COMPLEXITY_LIMIT_INSNS : BPF_MAXINSNS)) {
    env.reject('E2BIG', `program of ${count} instructions is too large`);
  }
}

function missingCapability(env: VerifierEnv): Capability | undefined {
  const { type } = env.spec;
  if (UNPRIVILEGED.has(type)) return undefined;
  const needed = programType(type)?.capabilities ?? ['CAP_BPF'];
  return needed.find((capability) => !env.capable(capability));
}

const TRAMPOLINE_ATTACH_TYPES: ReadonlySet<number> = new Set([
  AttachType.TRACE_FENTRY,
  AttachType.TRACE_FEXIT,
  AttachType.MODIFY_RETURN,
]);

/** fentry, fexit, fmod_ret, lsm and freplace; tp_btf and iter do without. */
function needsTrampoline({ spec }: VerifierEnv): boolean {
  if (spec.type === ProgType.EXT || spec.type === ProgType.LSM) return true;
  return spec.type === ProgType.TRACING && TRAMPOLINE_ATTACH_TYPES.has(spec.expectedAttachType);
}
