// Made by tools/reference/make-tables.mjs from the BTF of a running Linux 6.18 (enums of the kernel itself); do not edit.

/** States of a TCP socket (`include/net/tcp_states.h`). */
export const TCP_STATE = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
  NEW_SYN_RECV: 12,
  BOUND_INACTIVE: 13,
} as const;

/** Softirq vectors (`include/linux/interrupt.h`). */
export const SOFTIRQ = {
  HI_SOFTIRQ: 0,
  TIMER_SOFTIRQ: 1,
  NET_TX_SOFTIRQ: 2,
  NET_RX_SOFTIRQ: 3,
  BLOCK_SOFTIRQ: 4,
  IRQ_POLL_SOFTIRQ: 5,
  TASKLET_SOFTIRQ: 6,
  SCHED_SOFTIRQ: 7,
  HRTIMER_SOFTIRQ: 8,
  RCU_SOFTIRQ: 9,
} as const;

/** `enum pid_type`. */
export const PIDTYPE = {
  PID: 0,
  TGID: 1,
  PGID: 2,
  SID: 3,
} as const;
