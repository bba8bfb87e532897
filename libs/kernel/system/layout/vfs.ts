import { struct } from './struct-table';

/** `include/linux/path.h` */
export const PATH = struct('path', ['mnt', 'dentry']);

/** `include/linux/fs.h` */
export const FILE = struct('file', [
  'f_mode',
  'f_op',
  'f_mapping',
  'private_data',
  'f_inode',
  'f_flags',
  'f_cred',
  'f_path.mnt',
  'f_path.dentry',
  'f_pos',
]);

export const INODE = struct(
  'inode',
  [
    'i_mode',
    'i_uid',
    'i_gid',
    'i_flags',
    'i_op',
    'i_sb',
    'i_mapping',
    'i_ino',
    'i_nlink',
    'i_rdev',
    'i_size',
    'i_atime_sec',
    'i_mtime_sec',
    'i_ctime_sec',
    'i_atime_nsec',
    'i_mtime_nsec',
    'i_ctime_nsec',
    'i_blocks',
    'i_fop',
  ],
  {
    // Separate words since 6.11 (commit 3aa63a569c64); `__i_ctime` since 6.6, the other two since 6.7.
    spellings: {
      i_atime_sec: ['__i_atime.tv_sec', 'i_atime.tv_sec'],
      i_mtime_sec: ['__i_mtime.tv_sec', 'i_mtime.tv_sec'],
      i_ctime_sec: ['__i_ctime.tv_sec', 'i_ctime.tv_sec'],
      i_atime_nsec: ['__i_atime.tv_nsec', 'i_atime.tv_nsec'],
      i_mtime_nsec: ['__i_mtime.tv_nsec', 'i_mtime.tv_nsec'],
      i_ctime_nsec: ['__i_ctime.tv_nsec', 'i_ctime.tv_nsec'],
    },
  },
);

export const SUPER_BLOCK = struct('super_block', [
  's_dev',
  's_blocksize',
  's_type',
  's_flags',
  's_magic',
  's_root',
  's_id',
  's_user_ns',
]);

export const FILE_SYSTEM_TYPE = struct('file_system_type', ['name']);

/** `include/linux/dcache.h` */
export const DENTRY = struct(
  'dentry',
  [
    'd_flags',
    'd_parent',
    'd_name.hash',
    'd_name.len',
    'd_name.name',
    'd_inode',
    'd_shortname',
    'd_sb',
    'd_op',
  ],
  {
    // Until 6.14.
    spellings: { d_shortname: ['d_iname'] },
  },
);

/** `fs/mount.h`; `mnt` is the embedded `struct vfsmount` that paths point at. */
export const MOUNT = struct('mount', [
  'mnt_parent',
  'mnt_mountpoint',
  'mnt',
  'mnt.mnt_root',
  'mnt.mnt_sb',
  'mnt.mnt_flags',
  'mnt_devname',
  'mnt_ns',
  'mnt_id',
]);

/** `struct filename`, the kernel's copy of a path given to open or exec. */
export const FILENAME = struct('filename', ['name', 'uptr']);

/** What `vfs_rename` takes. `old_dir` and `new_dir` were inodes before 6.18. */
export const RENAMEDATA = struct('renamedata', [
  'old_parent',
  'old_dentry',
  'new_parent',
  'new_dentry',
  'flags',
]);

export const OPEN_HOW = struct('open_how', ['flags', 'mode', 'resolve']);

/** `include/linux/uio.h`: what sendmsg and recvmsg carry. */
export const MSGHDR = struct('msghdr', [
  'msg_name',
  'msg_namelen',
  'msg_iter',
  'msg_flags',
  'msg_iter.count',
]);
