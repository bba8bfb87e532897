/** Every kind of program that the running kernel judges without a hook to name: all types with all their attach types. */
import { AttachType, attachTypeLawful, BPF_F_SLEEPABLE, PROGRAM_TYPES, ProgType } from '@probed/spec';
import type { ProgramKind } from './emulated';

/** Types that need a function, a member or another program, and one that few kernels are built with. */
const LEFT_OUT: ReadonlySet<number> = new Set([
  ProgType.TRACING,
  ProgType.LSM,
  ProgType.STRUCT_OPS,
  ProgType.EXT,
  ProgType.LIRC_MODE2,
]);

const ATTACH_TYPES = Object.values(AttachType).filter((attachType) => attachType > 0);

/** Attach types that make a difference to types which take any. */
const TELLING: Readonly<Record<number, readonly number[]>> = {
  [ProgType.KPROBE]: [
    AttachType.TRACE_KPROBE_MULTI,
    AttachType.TRACE_KPROBE_SESSION,
    AttachType.TRACE_UPROBE_SESSION,
  ],
  [ProgType.XDP]: [AttachType.XDP_DEVMAP],
  [ProgType.CGROUP_DEVICE]: [AttachType.CGROUP_DEVICE],
  [ProgType.CGROUP_SYSCTL]: [AttachType.CGROUP_SYSCTL],
};

function kindsOf(type: number): ProgramKind[] {
  const flags = type === ProgType.SYSCALL ? BPF_F_SLEEPABLE : 0;
  const lawful = ATTACH_TYPES.filter((attachType) => attachTypeLawful(type, attachType));
  const takesAny = lawful.length === ATTACH_TYPES.length;
  const attachTypes = takesAny || lawful.length === 0 ? [0, ...(TELLING[type] ?? [])] : lawful;
  return attachTypes.map((attachType) => ({ type, attachType, flags }));
}

export const PROGRAM_KINDS: readonly ProgramKind[] = PROGRAM_TYPES.filter(
  ({ type }) => !LEFT_OUT.has(type),
).flatMap(({ type }) => kindsOf(type));
