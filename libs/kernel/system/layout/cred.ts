import { struct } from './struct-table';

/** `include/linux/cred.h` */
export const CRED = struct('cred', [
  'usage',
  'uid',
  'gid',
  'suid',
  'sgid',
  'euid',
  'egid',
  'fsuid',
  'fsgid',
  'securebits',
  'cap_inheritable',
  'cap_permitted',
  'cap_effective',
  'cap_bset',
  'cap_ambient',
  'user_ns',
  'user',
  'group_info',
]);

/** `include/linux/sched/user.h` */
export const USER_STRUCT = struct('user_struct', ['uid']);
