import type { TracepointRow } from '@probed/hooks';
import type { Kernel } from '../kernel';
import { blockRows } from './block';
import { cgroupRows } from './cgroup';
import { exceptionRows } from './exceptions';
import { irqRows } from './irq';
import { netRows } from './net';
import { rawSyscallRows } from './raw-syscalls';
import type { HooksOf } from './row';
import { schedRows } from './sched';
import { signalRows } from './signal';
import { skbRows } from './skb';
import { sockRows } from './sock';
import { taskRows } from './task';
import { tcpRows } from './tcp';

function allRows(k: Kernel) {
  return {
    ...schedRows(k),
    ...rawSyscallRows(k),
    ...signalRows(k),
    ...taskRows(k),
    ...exceptionRows(k),
    ...irqRows(k),
    ...cgroupRows(k),
    ...sockRows(k),
    ...tcpRows(k),
    ...netRows(k),
    ...skbRows(k),
    ...blockRows(k),
  };
}

/** Every tracepoint that some code path fires, by the name that call sites use. */
export type Tracepoints = HooksOf<ReturnType<typeof allRows>>;

export function declareTracepoints(k: Kernel): Tracepoints {
  const rows = allRows(k);
  const hooks: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rows))
    hooks[key] = k.hooks.declareTracepoint(value as unknown as TracepointRow<readonly unknown[]>);
  return hooks as unknown as Tracepoints;
}
