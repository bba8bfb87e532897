import type { Kernel } from '../kernel';
import type { Task } from '../task/task';

const USER_CS = 0x33;
const USER_SS = 0x2b;
/** IF and the bit that is always set. */
const USER_FLAGS = 0x246;

/** Writes the user registers of tasks to the top of their kernel stacks. */
export class UserRegs {
  constructor(private readonly k: Kernel) {}

  /** The current task's, as they are now. @returns offset of the `pt_regs` */
  current(): number {
    const { task } = this.k;
    this.write(task, task.sysNr, task.sysNr >= 0 ? -38 : 0);
    return task.regsOffset;
  }

  /**
   * As the entry code leaves them: arguments in di, si, dx, r10, r8, r9, number in orig_ax, -ENOSYS in ax.
   * @param ax result, when the call is over
   */
  write(task: Task, nr: number, ax: number): void {
    const { k } = this;
    const { w } = k;
    const L = k.layout.regs;
    const at = task.regsOffset;
    const a = task.sysArgs;
    w.put(at, L.di, a[0]);
    w.put(at, L.si, a[1]);
    w.put(at, L.dx, a[2]);
    w.put(at, L.r10, a[3]);
    w.put(at, L.r8, a[4]);
    w.put(at, L.r9, a[5]);
    w.put(at, L.ax, ax);
    w.put(at, L.orig_ax, nr);
    const ip = k.userIp(task);
    w.put(at, L.ip, ip);
    w.put(at, L.cx, ip);
    w.put(at, L.r11, USER_FLAGS);
    w.put(at, L.flags, USER_FLAGS);
    w.put(at, L.cs, USER_CS);
    w.put(at, L.ss, USER_SS);
    w.put(at, L.sp, k.userSp(task));
    w.put(at, L.bp, k.userSp(task) + 0x40);
  }
}
