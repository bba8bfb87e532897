import type { HelperFamily } from './helper-context';

/**
 * kernel/bpf/helpers.c. A program runs to completion, so a lock is always free; it reads as taken in between, as in the
 * kernel.
 */
export const SPIN_LOCK_HELPERS: HelperFamily = {
  spin_lock: (c) => (lock) => {
    c.memory.view.setUint32(lock, 1, true);
    return 0;
  },
  spin_unlock: (c) => (lock) => {
    c.memory.view.setUint32(lock, 0, true);
    return 0;
  },
};
