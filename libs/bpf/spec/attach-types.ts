import { AttachType, ProgType } from './uapi-enums';

const P = ProgType;
const A = AttachType;

/** Attach types that a program type takes at load; types without a row take any (bpf_prog_load_check_attach). */
const LAWFUL: Readonly<Partial<Record<ProgType, readonly number[]>>> = {
  [P.CGROUP_SOCK]: [
    A.CGROUP_INET_SOCK_CREATE,
    A.CGROUP_INET_SOCK_RELEASE,
    A.CGROUP_INET4_POST_BIND,
    A.CGROUP_INET6_POST_BIND,
  ],
  [P.CGROUP_SOCK_ADDR]: [
    A.CGROUP_INET4_BIND,
    A.CGROUP_INET6_BIND,
    A.CGROUP_INET4_CONNECT,
    A.CGROUP_INET6_CONNECT,
    A.CGROUP_UNIX_CONNECT,
    A.CGROUP_INET4_GETPEERNAME,
    A.CGROUP_INET6_GETPEERNAME,
    A.CGROUP_UNIX_GETPEERNAME,
    A.CGROUP_INET4_GETSOCKNAME,
    A.CGROUP_INET6_GETSOCKNAME,
    A.CGROUP_UNIX_GETSOCKNAME,
    A.CGROUP_UDP4_SENDMSG,
    A.CGROUP_UDP6_SENDMSG,
    A.CGROUP_UNIX_SENDMSG,
    A.CGROUP_UDP4_RECVMSG,
    A.CGROUP_UDP6_RECVMSG,
    A.CGROUP_UNIX_RECVMSG,
  ],
  [P.CGROUP_SKB]: [A.CGROUP_INET_INGRESS, A.CGROUP_INET_EGRESS],
  [P.CGROUP_SOCKOPT]: [A.CGROUP_SETSOCKOPT, A.CGROUP_GETSOCKOPT],
  [P.SK_LOOKUP]: [A.SK_LOOKUP],
  [P.SK_REUSEPORT]: [A.SK_REUSEPORT_SELECT, A.SK_REUSEPORT_SELECT_OR_MIGRATE],
  [P.NETFILTER]: [A.NETFILTER],
  [P.SYSCALL]: [0],
  [P.EXT]: [0],
};

/** What 0, which old loaders leave there, stands for (bpf_prog_load_fixup_attach_type). */
const DEFAULTS: Readonly<Partial<Record<ProgType, number>>> = {
  [P.CGROUP_SOCK]: A.CGROUP_INET_SOCK_CREATE,
  [P.SK_REUSEPORT]: A.SK_REUSEPORT_SELECT,
};

/** Whether a program of the type loads with this `expected_attach_type`; EINVAL otherwise. */
export function attachTypeLawful(progType: number, expectedAttachType: number): boolean {
  const lawful = LAWFUL[progType as ProgType];
  return !lawful || lawful.includes(expectedAttachType || (DEFAULTS[progType as ProgType] ?? 0));
}
