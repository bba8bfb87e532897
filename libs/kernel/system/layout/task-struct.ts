import { struct } from './struct-table';

/** `include/linux/sched.h` */
export const TASK_STRUCT = struct(
  'task_struct',
  [
    'thread_info.flags',
    'thread_info.cpu',
    '__state',
    'stack',
    'flags',
    'on_cpu',
    'wake_cpu',
    'on_rq',
    'prio',
    'static_prio',
    'normal_prio',
    'policy',
    'nr_cpus_allowed',
    'se.vruntime',
    'se.sum_exec_runtime',
    'se.on_rq',
    'mm',
    'active_mm',
    'exit_state',
    'exit_code',
    'exit_signal',
    'pid',
    'tgid',
    'real_parent',
    'parent',
    'children.next',
    'children.prev',
    'sibling.next',
    'sibling.prev',
    'group_leader',
    'tasks.next',
    'tasks.prev',
    'thread_pid',
    'thread_node.next',
    'thread_node.prev',
    'utime',
    'stime',
    'nvcsw',
    'nivcsw',
    'start_time',
    'start_boottime',
    'min_flt',
    'maj_flt',
    'ptracer_cred',
    'real_cred',
    'cred',
    'comm',
    'fs',
    'files',
    'nsproxy',
    'signal',
    'sighand',
    'blocked',
    'loginuid',
    'sessionid',
    'self_exec_id',
    'parent_exec_id',
    'cgroups',
    'ioac.rchar',
    'ioac.wchar',
    'ioac.syscr',
    'ioac.syscw',
    'ioac.read_bytes',
    'ioac.write_bytes',
  ],
  {
    spellings: {
      // Commit 2f064a59a11f (5.14).
      __state: ['state'],
      // Commit bcf9033e5449 (5.16).
      'thread_info.cpu': ['cpu'],
    },
  },
);

/** `include/linux/sched/signal.h` */
export const SIGNAL_STRUCT = struct('signal_struct', [
  'nr_threads',
  'live',
  'thread_head.next',
  'thread_head.prev',
  'group_exit_code',
  'leader',
  'tty',
  'pids',
  'oom_score_adj',
  'rlim',
  'utime',
  'stime',
]);

/** `struct sighand_struct`: only its existence and count matter to readers. */
export const SIGHAND_STRUCT = struct('sighand_struct', ['count']);

/** `include/linux/tty.h` */
export const TTY_STRUCT = struct('tty_struct', ['index', 'name', 'driver']);

/** `struct tty_driver`: device numbers of a terminal. */
export const TTY_DRIVER = struct('tty_driver', ['major', 'minor_start', 'driver_name', 'name']);
