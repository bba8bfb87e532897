/** An example and what it shows, in one line. */
interface Explained {
  /** Folder and file name under `examples/`. */
  readonly name: string;
  readonly says: string;
  /** Records shown in each second of virtual time; all when absent. */
  readonly shownPerSecond?: number;
}

/** The examples that the demo runs together. */
export const EXAMPLES: readonly Explained[] = [
  { name: 'execaudit', says: 'who starts which program, with its arguments (tracepoints → ring buffer)' },
  { name: 'opensnoop', says: 'files opened, with result and latency (entry and exit joined by a hash map)' },
  {
    name: 'tcpconnect',
    says: 'outgoing TCP connections (kprobe and kretprobe, struct sock read through CO-RE)',
  },
  { name: 'uprobe_readline', says: 'lines typed into bash (uretprobe, user memory, bpf_printk)' },
  { name: 'syscount', says: 'system calls by number (raw tracepoint → per-CPU hash)' },
  { name: 'profile', says: 'where CPU time goes (perf_event samples → stack map)' },
];

/** The examples that need pods, which the daemon's cluster has. */
export const IN_DAEMON: readonly Explained[] = [
  { name: 'podtrace', says: 'what a kubectl exec session does in its pod (cgroup ids chosen by a map)' },
];

/** The examples that the verifier refuses. */
export const REJECTED: readonly Explained[] = [
  { name: 'missing_null_check', says: 'uses the result of a map lookup without asking whether there is one' },
  { name: 'out_of_bounds', says: 'indexes a map value with a number that nothing bounds' },
  { name: 'leaked_record', says: 'forgets a reserved ring-buffer record on one path' },
];
