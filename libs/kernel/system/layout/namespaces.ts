import { struct } from './struct-table';

/** `include/linux/nsproxy.h` */
export const NSPROXY = struct('nsproxy', [
  'uts_ns',
  'ipc_ns',
  'mnt_ns',
  'pid_ns_for_children',
  'net_ns',
  'time_ns',
  'time_ns_for_children',
  'cgroup_ns',
]);

export const UTS_NAMESPACE = struct('uts_namespace', [
  'name.sysname',
  'name.nodename',
  'name.release',
  'name.version',
  'name.machine',
  'name.domainname',
  'user_ns',
  'ns.inum',
]);

export const IPC_NAMESPACE = struct('ipc_namespace', ['user_ns', 'ns.inum']);

/** `fs/mount.h` */
export const MNT_NAMESPACE = struct('mnt_namespace', ['root', 'user_ns', 'nr_mounts', 'ns.inum']);

/** `include/linux/pid_namespace.h` */
export const PID_NAMESPACE = struct('pid_namespace', [
  'level',
  'parent',
  'child_reaper',
  'user_ns',
  'ns.inum',
]);

/** `struct net` (`include/net/net_namespace.h`) */
export const NET = struct('net', ['user_ns', 'ns.inum', 'net_cookie']);

export const TIME_NAMESPACE = struct('time_namespace', ['user_ns', 'ns.inum']);

export const CGROUP_NAMESPACE = struct('cgroup_namespace', ['user_ns', 'root_cset', 'ns.inum']);

export const USER_NAMESPACE = struct('user_namespace', ['parent', 'level', 'owner', 'group', 'ns.inum']);
