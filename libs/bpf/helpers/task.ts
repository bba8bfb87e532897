import { joinI64 } from '@probed/base';
import { E, type HelperContext, type HelperFamily } from './helper-context';

/** `struct bpf_pidns_info`: u32 pid, u32 tgid. */
const PIDNS_INFO_BYTES = 8;
/** Highest signal number (`_NSIG`). */
const SIGNAL_MAX = 64;

const encoder = new TextEncoder();

/** kernel/bpf/helpers.c: bpf_get_current_comm (strscpy_pad): always terminated, the rest cleared. */
function currentComm(c: HelperContext, buf: number, size: number): number {
  const { comm } = c.services.task();
  const { u8 } = c.memory;
  const end = buf + size;
  let at = buf;
  for (let i = 0; i < comm.length && at < end - 1; i++) {
    const code = comm.charCodeAt(i);
    if (code > 0x7f) return copyEncoded(u8, buf, size, comm);
    u8[at++] = code;
  }
  while (at < end) u8[at++] = 0;
  return 0;
}

function copyEncoded(u8: Uint8Array, buf: number, size: number, comm: string): number {
  const bytes = encoder.encode(comm).subarray(0, size - 1);
  u8.fill(0, buf, buf + size);
  u8.set(bytes, buf);
  return 0;
}

/** kernel/bpf/helpers.c: bpf_get_ns_current_pid_tgid. */
function nsPidTgid(c: HelperContext, device: number, inode: number, buf: number, size: number): number {
  const ids = size === PIDNS_INFO_BYTES ? c.services.pidInNamespace(device, inode) : undefined;
  if (!ids) {
    c.memory.u8.fill(0, buf, buf + size);
    return E.INVAL;
  }
  c.memory.view.setUint32(buf, ids.pid, true);
  c.memory.view.setUint32(buf + 4, ids.tgid, true);
  return 0;
}

/** kernel/trace/bpf_trace.c: bpf_send_signal_common; the kernel's init gets none, since it would panic. */
function sendSignal(c: HelperContext, signal: number, wholeGroup: boolean): number {
  const task = c.services.task();
  if (task.withoutUser || task.tgid === 1) return E.PERM;
  if (signal >>> 0 > SIGNAL_MAX) return E.INVAL;
  return c.services.sendSignal(signal, wholeGroup);
}

/** kernel/bpf/helpers.c, kernel/trace/bpf_trace.c. */
export const TASK_HELPERS: HelperFamily = {
  get_current_pid_tgid: (c) => () => {
    const task = c.services.task();
    return c.u64(task.pid, task.tgid);
  },
  get_current_uid_gid: (c) => () => {
    const task = c.services.task();
    return c.u64(task.uid, task.gid);
  },
  get_current_comm: (c) => (buf, size) => currentComm(c, buf, size),
  get_current_task: (c) => () => c.address(c.services.task().taskOffset),
  get_current_task_btf: (c) => () => c.services.task().taskOffset,
  task_pt_regs: (c) => (task) => (task === c.services.task().taskOffset ? (c.services.userRegs?.() ?? 0) : 0),
  get_ns_current_pid_tgid: (c) => (devLo, devHi, inoLo, inoHi, buf, size) =>
    nsPidTgid(c, joinI64(devLo, devHi), joinI64(inoLo, inoHi), buf, size),
  send_signal: (c) => (signal) => sendSignal(c, signal, true),
  send_signal_thread: (c) => (signal) => sendSignal(c, signal, false),
};
