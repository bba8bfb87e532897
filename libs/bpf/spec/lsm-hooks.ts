import type { ReturnRange } from './program-types';

/** Sets of LSM hooks by kernel/bpf/bpf_lsm.c of 6.18, without the `bpf_lsm_` prefix. */
function set(names: string): ReadonlySet<string> {
  return new Set(names.split(/\s+/).filter(Boolean));
}

/** Functions with the prefix that are no hooks. */
const NO_HOOKS = set(`find_cgroup_shim func_proto get_retval_range has_d_inode_locked hook_returns_errno init
  initramfs_populated is_sleepable_hook is_trusted verify_prog`);

const DISABLED =
  set(`vm_enough_memory inode_need_killpriv inode_getsecurity inode_listsecurity inode_copy_up_xattr
  getselfattr getprocattr setprocattr key_getsecurity audit_rule_match ismaclabel`);

const SLEEPABLE =
  set(`bpf bpf_map bpf_map_create bpf_map_free bpf_prog bpf_prog_load bpf_prog_free bpf_token_create
  bpf_token_free bpf_token_cmd bpf_token_capable bprm_check_security bprm_committed_creds bprm_committing_creds
  bprm_creds_for_exec bprm_creds_from_file capget capset cred_prepare file_ioctl file_lock file_open file_post_open
  file_receive inode_create inode_free_security inode_getattr inode_getxattr inode_mknod inode_need_killpriv
  inode_post_setxattr inode_post_removexattr inode_readlink inode_removexattr inode_rename inode_rmdir inode_setattr
  inode_setxattr inode_symlink inode_unlink kernel_module_request kernel_read_file kernfs_init_security path_unlink
  path_mkdir path_rmdir path_truncate path_symlink path_link path_rename path_chmod path_chown mmap_file netlink_send
  path_notify release_secctx sb_alloc_security sb_eat_lsm_opts sb_kern_mount sb_mount sb_remount sb_set_mnt_opts
  sb_show_options sb_statfs sb_umount settime inet_conn_established socket_accept socket_bind socket_connect
  socket_create socket_getpeername socket_getpeersec_dgram socket_getsockname socket_getsockopt socket_listen
  socket_post_create socket_recvmsg socket_sendmsg socket_shutdown socket_socketpair syslog task_alloc task_prctl
  task_setscheduler task_to_inode userns_create`);

/** Called with objects that are being made or freed, so their arguments are not trusted. */
const UNTRUSTED = set(`bpf_map_free bpf_prog_free file_alloc_security file_free_security sk_alloc_security
  sk_free_security task_free`);

const BOOLEAN = set('xfrm_state_pol_flow_match audit_rule_known inode_xattr_skipcap');

const MAX_ERRNO = 4095;

/** What programs may do at an LSM hook. */
export interface LsmHookRules {
  /** A program can't hang there (`bpf_lsm_disabled_hooks`). */
  readonly disabled: boolean;
  readonly sleepable: boolean;
  /** Its arguments are trusted pointers. */
  readonly trusted: boolean;
  /** Lawful results of a program, for hooks that return something: 0 or a negative errno, for some a boolean. */
  readonly returns: ReturnRange;
}

/** Rules of a hook by its name, e.g. `file_open`; undefined for a function that is no hook. */
export function lsmHookRules(hook: string): LsmHookRules | undefined {
  if (NO_HOOKS.has(hook)) return undefined;
  return {
    disabled: DISABLED.has(hook),
    sleepable: SLEEPABLE.has(hook),
    trusted: !UNTRUSTED.has(hook),
    returns: BOOLEAN.has(hook) ? { min: 0, max: 1 } : { min: -MAX_ERRNO, max: 0 },
  };
}
