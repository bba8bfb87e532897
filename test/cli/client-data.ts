import type {
  BpffsEntry,
  ExecSession,
  Health,
  Link,
  MapInfo,
  ObjectInfo,
  Pod,
  Program,
  SessionCommand,
  WireRecord,
  Workload,
} from '@probed/protocol';

/** What the fake daemon has loaded. */
const TIME = '2026-01-01T00:00:05.000000123Z';

export const PROGRAM: Program = {
  id: 7,
  name: 'on_exec',
  type: 'tracepoint',
  section: 'tracepoint/sched/sched_process_exec',
  object_id: 2,
  object: 'execaudit',
  license: 'GPL',
  loaded_at: TIME,
  insns: 120,
  verified_insns: 340,
  jited_bytes: 2048,
  map_ids: [4],
  link_ids: [9],
  runs: 12,
  nodes: [
    { node: 'node-1', runs: 5, recursion_misses: 0, budget_exceeded: 0 },
    { node: 'node-2', runs: 7, recursion_misses: 1, budget_exceeded: 0 },
  ],
};

export const NAMESAKE: Program = { ...PROGRAM, id: 8, object: 'other', object_id: 3, link_ids: [] };

export const LINK: Link = {
  id: 9,
  program_id: 7,
  program: 'on_exec',
  object_id: 2,
  object: 'execaudit',
  hook: 'tracepoint:sched:sched_process_exec',
  state: 'live',
  nodes: ['node-1', 'node-2'],
  created_at: TIME,
  stats: { events: 12, skipped: 1, lost: 0, last_ns: 5e9, last_time: TIME, last_result: 0 },
  node_stats: [
    { node: 'node-1', events: 5, skipped: 0, lost: 0 },
    { node: 'node-2', events: 7, skipped: 1, lost: 0, last_ns: 5e9, last_time: TIME, last_result: 0 },
  ],
  pinned: ['/sys/fs/bpf/audit/exec'],
};

/** Bpffs of two nodes, one of which has a pin more. */
export const BPFFS: BpffsEntry[] = (
  [
    ['audit', 'dir', undefined, ['node-1', 'node-2']],
    ['audit/exec', 'link', 9, ['node-1', 'node-2']],
    ['audit/progs', 'dir', undefined, ['node-1', 'node-2']],
    ['audit/progs/on_exec', 'prog', 7, ['node-1', 'node-2']],
    ['counts', 'map', 4, ['node-1']],
  ] as const
).map(([path, kind, id, nodes]) => ({
  path: `/sys/fs/bpf/${path}`,
  kind,
  ...(id !== undefined && { id, name: kind === 'map' ? 'counts' : 'on_exec', object: 'execaudit' }),
  nodes: [...nodes],
}));

export const MAP: MapInfo = {
  id: 4,
  name: 'counts',
  object_id: 2,
  object: 'execaudit',
  type: 'hash',
  key_size: 4,
  value_size: 8,
  max_entries: 1024,
  flags: 0,
  internal: false,
  nodes: ['node-1', 'node-2'],
};

export const OBJECT: ObjectInfo = {
  id: 2,
  name: 'execaudit',
  sha256: '0f'.repeat(32),
  size: 12_345,
  loaded_at: TIME,
  state: 'loaded',
  programs: [PROGRAM],
  maps: [MAP],
  links: [LINK],
};

export const POD: Pod = {
  name: 'web-0',
  namespace: 'shop',
  node: 'node-1',
  ip: '10.0.1.4',
  labels: { app: 'web' },
  containers: [{ name: 'nginx', image: 'nginx:1.27', container_id: 'ab'.repeat(32), cgroup_id: 1234 }],
};

export const SESSION: ExecSession = {
  id: 's-17',
  boot: 'b1',
  pod: 'web-0',
  namespace: 'shop',
  container: 'nginx',
  node: 'node-1',
  command: ['bash'],
  tty: true,
  user: 'alice',
  state: 'exited',
  pid: 900,
  started_at: TIME,
  ended_at: '2026-01-01T00:01:05Z',
  exit_code: 0,
  commands: 4,
};

/** A shell that runs a line with two processes, one of which has a child. */
export const COMMANDS: SessionCommand[] = (
  [
    ['exec', 900, 1, ['bash'], '/usr/bin/bash', undefined],
    ['line', 900, 1, ['cat /etc/passwd | sh'], undefined, 0],
    ['exec', 901, 900, ['cat', '/etc/passwd'], '/usr/bin/cat', 0],
    ['exec', 902, 900, ['sh'], '/usr/bin/dash', 2],
    ['exec', 903, 902, ['id'], '/usr/bin/id', 0],
    ['builtin', 900, 1, ['cd', '/tmp'], undefined, 0],
  ] as const
).map(([kind, pid, ppid, argv, filename, code], i) => ({
  session: 's-17',
  seq: i + 1,
  kind,
  pid,
  ppid,
  comm: argv[0].split(' ')[0],
  argv: [...argv],
  ...(filename && { filename }),
  start_ns: 1e9 * i,
  time: TIME,
  ...(code !== undefined && { end_ns: 1e9 * i + 2.5e6, exit_code: code }),
}));

export const HEALTH: Health = {
  status: 'degraded',
  version: '0.1.0',
  pid: 4242,
  uptime_s: 200,
  kernel: {
    state: 'busy',
    busy_ms: 1500,
    boot: 'b1',
    booted_at: TIME,
    restarts: 2,
    last_error: 'the kernel thread ended with exit code 1',
    lag_ms: 0,
    memory_bytes: 3 * 2 ** 20,
    release: '5.10.0-43-amd64',
    btf: '/btf/vmlinux-5.10.btf',
  },
  store: {
    state: 'failing',
    error: 'database or disk is full',
    file: '/state/probed.db',
    file_bytes: 2048,
    records: 99,
    queued: 5,
    queue_max: 1000,
    dropped: 3,
  },
  stream: { clients: 1, subscriptions: 2, dropped: 0 },
  records: { total: 120, per_second: 10.25, lost: 4 },
};

export const WORKLOAD: Workload = {
  scenario: 'demo-cluster',
  state: 'running',
  seed: 1,
  speed: 1,
  rate: 1,
  virtual_ns: 12.5e9,
  time: TIME,
  nodes: ['node-1', 'node-2'],
  scenarios: [{ name: 'demo-cluster', description: 'two nodes' }],
};

/** The record of a sequence number; they come 1 ms apart. */
export function recordOf(sequence: number, more: Partial<WireRecord> = {}): WireRecord {
  const ms = String(sequence).padStart(3, '0');
  return {
    type: 'record',
    boot: 'b1',
    sequence,
    ktime_ns: sequence * 1e6,
    time: `2026-01-01T00:00:0${Math.floor(sequence / 1000)}.${ms.slice(-3)}000000Z`,
    node: 'node-1',
    cpu: 0,
    object: 'execaudit',
    program: 'on_exec',
    program_id: 7,
    map: 'events',
    map_id: 5,
    hook: 'tracepoint:sched:sched_process_exec',
    task: { pid: 900 + sequence, tgid: 900 + sequence, ppid: 1, uid: 0, comm: 'cat', cgroup_id: 12 },
    pod: {
      name: 'web-0',
      namespace: 'shop',
      container: 'nginx',
      container_id: 'ab'.repeat(32),
      image: 'nginx',
    },
    session: 's-17',
    event: 'event',
    value: { ktime_ns: sequence * 1e6, pid: 900 + sequence, comm: 'cat', filename: '/usr/bin/cat' },
    wall: { ktime_ns: `2026-01-01T00:00:00.${ms.slice(-3)}000000Z` },
    ...more,
  };
}
