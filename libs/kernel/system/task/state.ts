/** `__state` values (`include/linux/sched.h`). */
export const TASK_STATE = {
  RUNNING: 0,
  INTERRUPTIBLE: 1,
  UNINTERRUPTIBLE: 2,
  STOPPED: 4,
  DEAD: 0x80,
} as const;

/** `exit_state` values. */
export const EXIT_STATE = { NONE: 0, DEAD: 0x10, ZOMBIE: 0x20 } as const;

/** `PF_*` flags (`include/linux/sched.h`) that the emulation sets. */
export const PF = {
  IDLE: 0x2,
  EXITING: 0x4,
  FORKNOEXEC: 0x40,
  SUPERPRIV: 0x100,
  KTHREAD: 0x20_0000,
  RANDOMIZE: 0x40_0000,
} as const;
