import type { WireRecord } from '@probed/protocol';
import type { SizedItem, StreamFrame } from './frames';

export function recordOf(sequence: number, more: Partial<WireRecord> = {}): WireRecord {
  return {
    type: 'record',
    boot: 'boot-1',
    sequence,
    ktime_ns: sequence * 1_000,
    time: '2026-01-01T00:00:00.000001Z',
    node: 'node-1',
    cpu: 0,
    object: 'opentrace',
    program: 'on_open',
    program_id: 3,
    map: 'events',
    map_id: 5,
    hook: 'tracepoint:syscalls:sys_enter_openat',
    task: { pid: 10, tgid: 10, ppid: 1, uid: 0, comm: 'bash', cgroup_id: 1 },
    value: { sequence },
    ...more,
  };
}

export function recordFrame(sequence: number, more: Partial<WireRecord> = {}): StreamFrame {
  const record = recordOf(sequence, more);
  return { type: 'record', record, json: JSON.stringify(record), raw: new Uint8Array([sequence & 0xff]) };
}

export function frames(from: number, to: number): StreamFrame[] {
  return Array.from({ length: to - from + 1 }, (_, i) => recordFrame(from + i));
}

export function sized(sequence: number, more: Partial<WireRecord> = {}): SizedItem {
  return { item: recordOf(sequence, more), bytes: 100 };
}

/** What names an item in an expectation. */
export function sequenceOf(item: SizedItem['item']): number | string {
  return item.type === 'record' ? item.sequence : item.type;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** Lets all promises that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
