import { POLL } from '@probed/abi';
import type { FileOps } from './file';

const EFAULT = -14;
const ENOSPC = -28;

const READY = POLL.IN | POLL.OUT;

/** `/dev/null` */
export const nullOps: FileOps = {
  sleeps: false,
  read: () => 0,
  write: (_k, _file, _buf, count) => count,
  poll: () => READY,
};

/** `/dev/zero` */
export const zeroOps: FileOps = {
  sleeps: false,
  read(k, _file, buf, count) {
    k.sched.spend(count * 0.03);
    return k.user.fill(k.task.mm!, buf, count, 0) ? count : EFAULT;
  },
  write: (_k, _file, _buf, count) => count,
  poll: () => READY,
};

/** `/dev/full` */
export const fullOps: FileOps = { ...zeroOps, write: () => ENOSPC };

/** `/dev/random` and `/dev/urandom` */
export const randomOps: FileOps = {
  sleeps: false,
  read(k, _file, buf, count) {
    k.sched.spend(300 + count * 1.2);
    return k.user.write(k.task.mm!, buf, k.randomBytes(count)) ? count : EFAULT;
  },
  write: (_k, _file, _buf, count) => count,
  poll: () => READY,
};
