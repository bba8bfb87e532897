import type { HookEntry } from '@probed/hooks';
import { hookMatcher } from './hook-pattern';

const HOOKS = [
  'tracepoint sched:sched_process_exec',
  'tracepoint raw_syscalls:sys_enter',
  'tracepoint syscalls:sys_enter_openat',
  'kprobe tcp_v4_connect',
  'kprobe __x64_sys_openat',
  'uprobe /usr/bin/bash:readline',
  'perf_event cpu-clock',
].map((text): HookEntry => {
  const [kind, name] = text.split(' ');
  return { kind: kind as HookEntry['kind'], name, state: 'live' };
});

function matches(pattern: string): string[] {
  return HOOKS.filter(hookMatcher(pattern)).map(({ kind, name }) => `${kind}:${name}`);
}

test.each([
  ['tracepoint:sched:*', ['tracepoint:sched:sched_process_exec']],
  ['tp:syscalls:sys_enter_*', ['tracepoint:syscalls:sys_enter_openat']],
  ['sched:*', ['tracepoint:sched:sched_process_exec']],
  ['syscalls/sys_enter_openat', ['tracepoint:syscalls:sys_enter_openat']],
  ['raw_tp:sys_enter', ['tracepoint:raw_syscalls:sys_enter']],
  ['kretprobe:tcp_*', ['kprobe:tcp_v4_connect']],
  ['fentry:tcp_v4_connect', ['kprobe:tcp_v4_connect']],
  ['tcp_v?_connect', ['kprobe:tcp_v4_connect']],
  ['uprobe:*readline', ['uprobe:/usr/bin/bash:readline']],
  ['/usr/bin/bash:readline', ['uprobe:/usr/bin/bash:readline']],
  ['cpu', ['perf_event:cpu-clock']],
  ['openat', ['tracepoint:syscalls:sys_enter_openat', 'kprobe:__x64_sys_openat']],
  ['open*', []],
  ['tcp.v4.*', []],
])('%s', (pattern, names) => {
  expect(matches(pattern)).toEqual(names);
});
