import type { Btf } from '@probed/btf';
import { BIO, BLOCK_DEVICE, GENDISK, REQUEST, REQUEST_QUEUE } from './block';
import { CGROUP, CSS_SET, KERNFS_NODE } from './cgroup';
import { CRED, USER_STRUCT } from './cred';
import { KERNEL_CLONE_ARGS, KERNEL_SIGINFO, LINUX_BINPRM, PT_REGS } from './exec';
import { FDTABLE, FILES_STRUCT, FS_STRUCT } from './files';
import { MM_STRUCT, VM_AREA_STRUCT } from './mm';
import {
  CGROUP_NAMESPACE,
  IPC_NAMESPACE,
  MNT_NAMESPACE,
  NET,
  NSPROXY,
  PID_NAMESPACE,
  TIME_NAMESPACE,
  USER_NAMESPACE,
  UTS_NAMESPACE,
} from './namespaces';
import { PID, UPID } from './pid';
import { INET_SOCK, NET_DEVICE, PROTO, SK_BUFF, SOCK, SOCKET, TCP_SOCK, UDP_SOCK, UNIX_SOCK } from './sock';
import type { Field, Layout, StructTable } from './struct-table';
import { SIGHAND_STRUCT, SIGNAL_STRUCT, TASK_STRUCT, TTY_DRIVER, TTY_STRUCT } from './task-struct';
import {
  DENTRY,
  FILE,
  FILE_SYSTEM_TYPE,
  FILENAME,
  INODE,
  MOUNT,
  MSGHDR,
  OPEN_HOW,
  PATH,
  RENAMEDATA,
  SUPER_BLOCK,
} from './vfs';

/** Every struct that the emulation writes through to linear memory. */
export const STRUCT_TABLES = {
  task: TASK_STRUCT,
  signal: SIGNAL_STRUCT,
  sighand: SIGHAND_STRUCT,
  tty: TTY_STRUCT,
  ttyDriver: TTY_DRIVER,
  cred: CRED,
  user: USER_STRUCT,
  pid: PID,
  upid: UPID,
  nsproxy: NSPROXY,
  uts: UTS_NAMESPACE,
  ipc: IPC_NAMESPACE,
  mntNs: MNT_NAMESPACE,
  pidNs: PID_NAMESPACE,
  net: NET,
  timeNs: TIME_NAMESPACE,
  cgroupNs: CGROUP_NAMESPACE,
  userNs: USER_NAMESPACE,
  mm: MM_STRUCT,
  vma: VM_AREA_STRUCT,
  files: FILES_STRUCT,
  fdtable: FDTABLE,
  fs: FS_STRUCT,
  path: PATH,
  file: FILE,
  inode: INODE,
  superBlock: SUPER_BLOCK,
  fsType: FILE_SYSTEM_TYPE,
  dentry: DENTRY,
  mount: MOUNT,
  filename: FILENAME,
  openHow: OPEN_HOW,
  renamedata: RENAMEDATA,
  msghdr: MSGHDR,
  cgroup: CGROUP,
  cssSet: CSS_SET,
  kernfs: KERNFS_NODE,
  socket: SOCKET,
  sock: SOCK,
  inet: INET_SOCK,
  tcp: TCP_SOCK,
  udp: UDP_SOCK,
  unix: UNIX_SOCK,
  proto: PROTO,
  skb: SK_BUFF,
  netDevice: NET_DEVICE,
  binprm: LINUX_BINPRM,
  regs: PT_REGS,
  cloneArgs: KERNEL_CLONE_ARGS,
  siginfo: KERNEL_SIGINFO,
  request: REQUEST,
  requestQueue: REQUEST_QUEUE,
  gendisk: GENDISK,
  blockDevice: BLOCK_DEVICE,
  bio: BIO,
} as const;

type FieldsOf<T> = T extends StructTable<infer F> ? F : never;

/** Resolved layouts, one a table. */
export type Layouts = {
  readonly [K in keyof typeof STRUCT_TABLES]: Layout<FieldsOf<(typeof STRUCT_TABLES)[K]>>;
};

const ABSENT: Field = { offset: -1, bytes: 0 };
/** A struct that the BTF lacks still gets a block, so that pointers to it lead somewhere readable. */
const UNKNOWN_STRUCT_BYTES = 64;

/** Resolves all tables against one kernel's BTF, once at boot. Members that it lacks get offset -1 and are not written. */
export function resolveLayouts(btf: Btf): Layouts {
  const out: Record<string, Record<string, Field | number>> = {};
  for (const [key, table] of Object.entries(STRUCT_TABLES)) {
    const id = btf.findByName(table.struct, 'struct');
    const layout: Record<string, Field | number> = {
      sizeBytes: id === undefined ? UNKNOWN_STRUCT_BYTES : btf.sizeOf(id),
    };
    for (const field of table.fields) {
      layout[field] = (id !== undefined && placeOf(btf, id, table, field)) || ABSENT;
    }
    out[key] = layout;
  }
  return out as unknown as Layouts;
}

/** Where a member lies, under the first of its names that this kernel knows; bit fields are not written. */
function placeOf(btf: Btf, structId: number, table: StructTable, field: string): Field | undefined {
  for (const path of [field, ...(table.spellings[field] ?? [])]) {
    const place = btf.member(structId, path);
    if (place?.bits === 0) return { offset: place.offsetBits / 8, bytes: btf.sizeOf(place.typeId) };
  }
  return undefined;
}

/** Members named by a table that `btf` lacks under every name, as `struct.path`. */
export function missingMembers(btf: Btf): string[] {
  const layouts = resolveLayouts(btf);
  return (Object.keys(STRUCT_TABLES) as (keyof typeof STRUCT_TABLES)[]).flatMap((key) => {
    const table: StructTable = STRUCT_TABLES[key];
    const layout = layouts[key] as unknown as Record<string, Field>;
    return table.fields
      .filter((field) => layout[field].offset < 0 && !table.older.includes(field))
      .map((field) => `${table.struct}.${field}`);
  });
}
