import type { LeafMember } from './leaf-members';
import * as names from './number-names';
import type { ObjectEvidence } from './object-evidence';

/** How the numbers of a kind of member are read. */
interface NumberRule {
  /** First piece of evidence: the member's name. */
  readonly name: RegExp;
  /** Second one: its type, what stands beside it, or where the programs hang. Absent: the number's own range is it. */
  readonly when?: (member: LeafMember, evidence: ObjectEvidence) => boolean;
  /** Widths that such a member can have, bytes. Default: 1, 2, 4, 8. */
  readonly bytes?: readonly number[];
  readonly text: names.NumberText;
}

const at =
  (hooks: RegExp) =>
  (_member: LeafMember, evidence: ObjectEvidence): boolean =>
    hooks.test(evidence.hooks);
const beside =
  (siblings: RegExp) =>
  ({ siblings: all, name }: LeafMember): boolean =>
    [...all].some((sibling) => sibling !== name && siblings.test(sibling));
const either =
  (...tests: readonly NonNullable<NumberRule['when']>[]): NonNullable<NumberRule['when']> =>
  (member, evidence) =>
    tests.some((test) => test(member, evidence));
const typed =
  (type: RegExp) =>
  ({ typeNames }: LeafMember): boolean =>
    typeNames.some((name) => type.test(name));
const within =
  (outer: RegExp) =>
  ({ parent }: LeafMember): boolean =>
    parent.some((name) => outer.test(name));

const OPEN_HOOKS =
  /sys_(enter|exit)_open|do_sys_open|do_filp_open|do_dentry_open|vfs_open|file_open|path_openat|may_open/;
const INODE_HOOKS = /open|creat|mkdir|mknod|chmod|stat/;
const SOCKET_HOOKS = /inet|tcp|udp|sock|bind|listen|connect|accept|xdp|tc\b|tcx|cgroup_skb/;
const ENDPOINTS = /port$|^[sd]addr|_addr|ip$/;
const SIGNAL_HOOKS = /signal|_kill|_tkill|_tgkill|sched_process_exit|do_exit|oom/;

const RAW_SYSCALL_HOOKS = /(raw_syscalls?[/:]|(raw_tp|tp_btf|raw_tracepoint)\/)sys_(enter|exit)/;

/** The first rule that fits a member reads it; it says nothing of numbers without a name. */
export const NUMBER_RULES: readonly NumberRule[] = [
  {
    name: /^(ret|retval|rc|res|result|err|error|status|return_value)$/,
    bytes: [4, 8],
    text: names.errorReturn,
  },
  { name: /^(errno|err_no|errcode)$/, bytes: [4, 8], text: names.errorNumber },
  {
    name: /^(o_|open_|f_)?flags?$/,
    when: (member, evidence) => onlyOpen(member, evidence),
    bytes: [4, 8],
    text: names.openFlags,
  },
  {
    name: /^(flags|mnt_?flags|umount_?flags)$/,
    when: either(within(/^umount/), beside(/^umount/)),
    text: names.umountFlags,
  },
  {
    name: /^(flags|mount_?flags|ms_?flags)$/,
    when: either(within(/^mount$/), onlyMount),
    bytes: [4, 8],
    text: names.mountFlags,
  },
  {
    name: /^clone_?flags$|^flags$/,
    when: at(/sys_(enter|exit)_(clone|unshare|setns)|kernel_clone|copy_process|task_newtask/),
    bytes: [4, 8],
    text: names.cloneFlags,
  },
  { name: /^cap(ability)?$/, when: at(/capab/), bytes: [1, 2, 4], text: names.capability },
  {
    name: /^(sig|signo|signal|sig_?num|si_signo|exit_signal)$/,
    when: either(at(SIGNAL_HOOKS), beside(/^t?pid$|exit_code/)),
    bytes: [1, 2, 4],
    text: names.signal,
  },
  {
    name: /^(old|new)_?state$/,
    when: either(at(/set_state|tcp/), beside(ENDPOINTS)),
    bytes: [1, 2, 4],
    text: names.tcpState,
  },
  {
    name: /^(tcp_?|sk_?)?state$/,
    when: at(/tcp_set_state|inet_sock_set_state/),
    bytes: [1, 2, 4],
    text: names.tcpState,
  },
  {
    name: /^(af|family|sa_family|sk_family|skc_family|addr(ess)?_family)$/,
    when: either(at(SOCKET_HOOKS), beside(ENDPOINTS), typed(/sa_family/)),
    bytes: [1, 2, 4],
    text: names.addressFamily,
  },
  {
    name: /^(proto(col)?|ip_?proto|l4_?proto|sk_protocol)$/,
    when: either(beside(/port$/), beside(/^(af|family)$/)),
    bytes: [1, 2, 4],
    text: names.ipProtocol,
  },
  {
    name: /^(syscall|sys_?call_?(nr|id|no|num)|sys_?(nr|no|id)|nr_syscall|__syscall_nr)$/,
    when: at(/sys_enter|sys_exit|syscall/),
    bytes: [2, 4, 8],
    text: names.syscall,
  },
  {
    name: /^(nr|id)$/,
    when: at(RAW_SYSCALL_HOOKS),
    bytes: [4, 8],
    text: names.syscall,
  },
  {
    name: /^([a-z]*_)?dev(ice|t|_t)?$/,
    when: either(typed(/dev_t$/), beside(/^(sector|i?_?ino(de)?|i_ino|inum)$/), at(/block|blk_/)),
    bytes: [4],
    text: names.deviceNumber,
  },
  { name: /^([a-z]*_)?d?(ir)?fd$/, bytes: [4, 8], text: names.descriptor },
  {
    name: /^(i_|st_|f_|file_)?mode$/,
    when: either(typed(/mode_t$/), at(INODE_HOOKS)),
    bytes: [2, 4],
    text: names.fileMode,
  },
  { name: /^(cmd|req|rq)_?flags$/, when: at(/block|blk_/), bytes: [4], text: names.requestFlags },
  {
    // Counters by system call that can be by process instead, and are not.
    name: /^key$/,
    when: (_member, { hooks, setting }) =>
      RAW_SYSCALL_HOOKS.test(hooks) && setting(/(^|_)by_(process|pid|task)$/) === 0,
    bytes: [4, 8],
    text: names.syscall,
  },
];

/** `flags` of a program that hangs at opens and at nothing else that has flags. */
function onlyOpen(member: LeafMember, { hooks }: ObjectEvidence): boolean {
  return OPEN_HOOKS.test(hooks) && !/mount|clone|sendto|recv/.test(hooks) && !within(/mount/)(member);
}

function onlyMount(_member: LeafMember, { hooks }: ObjectEvidence): boolean {
  return /sys_(enter|exit)_mount|sb_mount|path_mount|do_mount/.test(hooks) && !OPEN_HOOKS.test(hooks);
}

/** Words of names that hold spans of time. */
const SPAN =
  /(^|_)(delta|lat|latency|dur|duration|elapsed|diff|span|wait|took|slack|delay|total|offcpu|oncpu|queue|q?delta)(_|$)/;
const UNITS: readonly (readonly [RegExp, number])[] = [
  [/_(ns|nsecs?)$/, 1],
  [/_(us|usecs?)$/, 1e3],
  [/_(ms|msecs?)$/, 1e6],
];

/** Nanoseconds of one unit of a member that holds a span of time by its name; undefined when it is none. */
export function spanUnit(name: string): number | undefined {
  const unit = UNITS.find(([pattern]) => pattern.test(name))?.[1];
  return unit !== undefined && SPAN.test(name) ? unit : undefined;
}
