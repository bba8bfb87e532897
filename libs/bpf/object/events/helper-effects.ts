import { BPF_FUNC } from '@probed/abi';

/** What a helper does to memory that a record is made of; numbers are argument registers. */
export interface HelperEffect {
  /** Sends or reserves a record. */
  readonly output?: { readonly map: number; readonly size: number; readonly data?: number };
  /** r0 points into a value of the map that this register holds. */
  readonly returnsValueOf?: number;
  /** Writes bytes. */
  readonly writes?: { readonly to: number; readonly size: number; readonly as: WrittenAs };
  /** Writes a dynptr of the reservation to where this register points. */
  readonly dynptr?: number;
  /** r0 points into the memory of the dynptr that the first of them points to, at the offset in the second. */
  readonly returnsDynptrAt?: readonly [dynptr: number, offset: number];
}

/** `text` ends with NUL; `stack` is an array of instruction pointers. */
export type WrittenAs = 'bytes' | 'text' | 'comm' | 'stack';

const writes = (to: number, size: number, as: WrittenAs): HelperEffect => ({ writes: { to, size, as } });
const F = BPF_FUNC;

/** By helper id; signatures as in include/uapi/linux/bpf.h. */
export const HELPER_EFFECTS: Readonly<Record<number, HelperEffect | undefined>> = {
  [F.perf_event_output]: { output: { map: 2, size: 5, data: 4 } },
  [F.skb_output]: { output: { map: 2, size: 5, data: 4 } },
  [F.xdp_output]: { output: { map: 2, size: 5, data: 4 } },
  [F.ringbuf_output]: { output: { map: 1, size: 3, data: 2 } },
  [F.ringbuf_reserve]: { output: { map: 1, size: 2 } },
  [F.ringbuf_reserve_dynptr]: { output: { map: 1, size: 2 }, dynptr: 4 },
  [F.dynptr_data]: { returnsDynptrAt: [1, 2] },
  [F.map_lookup_elem]: { returnsValueOf: 1 },
  [F.map_lookup_percpu_elem]: { returnsValueOf: 1 },
  [F.sk_storage_get]: { returnsValueOf: 1 },
  [F.inode_storage_get]: { returnsValueOf: 1 },
  [F.task_storage_get]: { returnsValueOf: 1 },
  [F.cgrp_storage_get]: { returnsValueOf: 1 },
  [F.probe_read]: writes(1, 2, 'bytes'),
  [F.probe_read_user]: writes(1, 2, 'bytes'),
  [F.probe_read_kernel]: writes(1, 2, 'bytes'),
  [F.copy_from_user]: writes(1, 2, 'bytes'),
  [F.copy_from_user_task]: writes(1, 2, 'bytes'),
  [F.skb_load_bytes]: writes(3, 4, 'bytes'),
  [F.get_ns_current_pid_tgid]: writes(3, 4, 'bytes'),
  [F.probe_read_str]: writes(1, 2, 'text'),
  [F.probe_read_user_str]: writes(1, 2, 'text'),
  [F.probe_read_kernel_str]: writes(1, 2, 'text'),
  [F.get_current_comm]: writes(1, 2, 'comm'),
  [F.d_path]: writes(2, 3, 'text'),
  [F.snprintf]: writes(1, 2, 'text'),
  [F.sysctl_get_name]: writes(2, 3, 'text'),
  [F.get_stack]: writes(2, 3, 'stack'),
  [F.get_task_stack]: writes(2, 3, 'stack'),
};
