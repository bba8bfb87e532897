import { struct } from './struct-table';

/** `include/linux/fdtable.h`; the first 64 descriptors live in `fdtab`. */
export const FILES_STRUCT = struct('files_struct', ['count', 'fdt', 'fdtab', 'next_fd', 'fd_array']);

export const FDTABLE = struct('fdtable', ['max_fds', 'fd', 'open_fds', 'close_on_exec']);

/** `include/linux/fs_struct.h` */
export const FS_STRUCT = struct('fs_struct', [
  'users',
  'umask',
  'in_exec',
  'root.mnt',
  'root.dentry',
  'pwd.mnt',
  'pwd.dentry',
]);
