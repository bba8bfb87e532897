import type { Kernel } from '../kernel';
import type { SigAction } from '../task/signal-struct';
import type { Task } from '../task/task';
import { row } from './row';

/** What is known of a signal's origin. */
export interface SigInfo {
  readonly signal: number;
  readonly code: number;
  readonly errno: number;
}

/** `include/trace/events/signal.h` */
export function signalRows(k: Kernel) {
  const siginfo = (info: SigInfo) => {
    const L = k.layout.siginfo;
    const at = k.transient.take();
    k.w.put(at, L.si_signo, info.signal);
    k.w.put(at, L.si_code, info.code);
    return k.ptr(at);
  };
  return {
    signalGenerate: row(
      'signal',
      'signal_generate',
      (info: SigInfo, task: Task, group: number, result: number) => [
        info.signal,
        siginfo(info),
        k.ptr(task.offset),
        group,
        result,
      ],
      (info, task, group, result) => ({
        sig: info.signal,
        errno: info.errno,
        code: info.code,
        comm: task.comm,
        pid: task.pid,
        group,
        result,
      }),
    ),
    signalDeliver: row(
      'signal',
      'signal_deliver',
      (info: SigInfo, _action: SigAction) => [info.signal, siginfo(info), k.ptr(k.transient.take())],
      (info, action) => ({
        sig: info.signal,
        errno: info.errno,
        code: info.code,
        sa_handler: action.handler,
        sa_flags: action.flags,
      }),
    ),
  };
}
