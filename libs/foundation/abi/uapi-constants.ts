// Made by tools/reference/make-tables.mjs from the UAPI headers of x86-64; do not edit.

/** Flags of open(2), as the kernel has them (glibc defines O_LARGEFILE as 0 on 64-bit). */
export const O = {
  RDONLY: 0,
  WRONLY: 1,
  RDWR: 2,
  ACCMODE: 3,
  CREAT: 64,
  EXCL: 128,
  NOCTTY: 256,
  TRUNC: 512,
  APPEND: 1024,
  NONBLOCK: 2048,
  DSYNC: 4096,
  ASYNC: 8192,
  DIRECT: 16384,
  LARGEFILE: 32768,
  DIRECTORY: 65536,
  NOFOLLOW: 131072,
  NOATIME: 262144,
  CLOEXEC: 524288,
  SYNC: 1052672,
  PATH: 2097152,
  TMPFILE: 4259840,
} as const;

/** Flags and the directory fd of the `*at` system calls. */
export const AT = {
  FDCWD: -100,
  STATX_SYNC_AS_STAT: 0,
  SYMLINK_NOFOLLOW: 256,
  EACCESS: 512,
  REMOVEDIR: 512,
  SYMLINK_FOLLOW: 1024,
  NO_AUTOMOUNT: 2048,
  EMPTY_PATH: 4096,
  STATX_FORCE_SYNC: 8192,
  STATX_DONT_SYNC: 16384,
  STATX_SYNC_TYPE: 24576,
  RECURSIVE: 32768,
} as const;

/** Keys of the auxiliary vector. */
export const AT_AUXV = {} as const;

/** Bits of a file mode. */
export const S = {
  IXOTH: 1,
  IWOTH: 2,
  IROTH: 4,
  IRWXO: 7,
  IXGRP: 8,
  IWGRP: 16,
  IRGRP: 32,
  IRWXG: 56,
  IXUSR: 64,
  IWUSR: 128,
  IRUSR: 256,
  IRWXU: 448,
  ISVTX: 512,
  ISGID: 1024,
  ISUID: 2048,
  IFIFO: 4096,
  IFCHR: 8192,
  IFDIR: 16384,
  IFBLK: 24576,
  IFREG: 32768,
  IFLNK: 40960,
  IFSOCK: 49152,
  IFMT: 61440,
} as const;

/** Commands and lock types of fcntl(2). */
export const F = {
  DUPFD: 0,
  RDLCK: 0,
  GETFD: 1,
  WRLCK: 1,
  SETFD: 2,
  UNLCK: 2,
  GETFL: 3,
  SETFL: 4,
  GETLK: 5,
  SETLK: 6,
  SETLKW: 7,
  SETOWN: 8,
  GETOWN: 9,
  SETSIG: 10,
  GETSIG: 11,
  OFD_GETLK: 36,
  OFD_SETLK: 37,
  OFD_SETLKW: 38,
  DUPFD_CLOEXEC: 1030,
  SETPIPE_SZ: 1031,
  GETPIPE_SZ: 1032,
  ADD_SEALS: 1033,
  GET_SEALS: 1034,
} as const;

/** File descriptor flags. */
export const FD = {
  CLOEXEC: 1,
} as const;

/** Origins of lseek(2). */
export const SEEK = {
  SET: 0,
  CUR: 1,
  END: 2,
  DATA: 3,
  HOLE: 4,
} as const;

/** Modes of access(2). */
export const ACCESS = {
  F_OK: 0,
  X_OK: 1,
  W_OK: 2,
  R_OK: 4,
} as const;

/** File types in directory entries. */
export const DT = {
  UNKNOWN: 0,
  FIFO: 1,
  CHR: 2,
  DIR: 4,
  BLK: 6,
  REG: 8,
  LNK: 10,
  SOCK: 12,
  WHT: 14,
} as const;

/** Flags of clone(2). */
export const CLONE = {
  NEWTIME: 128,
  VM: 256,
  FS: 512,
  FILES: 1024,
  SIGHAND: 2048,
  PIDFD: 4096,
  PTRACE: 8192,
  VFORK: 16384,
  PARENT: 32768,
  THREAD: 65536,
  NEWNS: 131072,
  SYSVSEM: 262144,
  SETTLS: 524288,
  PARENT_SETTID: 1048576,
  CHILD_CLEARTID: 2097152,
  DETACHED: 4194304,
  UNTRACED: 8388608,
  CHILD_SETTID: 16777216,
  NEWCGROUP: 33554432,
  NEWUTS: 67108864,
  NEWIPC: 134217728,
  NEWUSER: 268435456,
  NEWPID: 536870912,
  NEWNET: 1073741824,
  IO: 2147483648,
  INTO_CGROUP: 8589934592,
} as const;

/** Protection of mmap(2). */
export const PROT = {
  NONE: 0,
  READ: 1,
  WRITE: 2,
  EXEC: 4,
  GROWSDOWN: 16777216,
  GROWSUP: 33554432,
} as const;

/** Flags of mmap(2). */
export const MAP = {
  SHARED: 1,
  PRIVATE: 2,
  SHARED_VALIDATE: 3,
  FIXED: 16,
  ANONYMOUS: 32,
  '32BIT': 64,
  GROWSDOWN: 256,
  DENYWRITE: 2048,
  EXECUTABLE: 4096,
  LOCKED: 8192,
  NORESERVE: 16384,
  POPULATE: 32768,
  NONBLOCK: 65536,
  STACK: 131072,
  HUGETLB: 262144,
  SYNC: 524288,
  FIXED_NOREPLACE: 1048576,
} as const;

/** Advice of madvise(2). */
export const MADV = {
  NORMAL: 0,
  RANDOM: 1,
  SEQUENTIAL: 2,
  WILLNEED: 3,
  DONTNEED: 4,
  FREE: 8,
  REMOVE: 9,
  DONTFORK: 10,
  DOFORK: 11,
  MERGEABLE: 12,
  UNMERGEABLE: 13,
  HUGEPAGE: 14,
  NOHUGEPAGE: 15,
  DONTDUMP: 16,
  DODUMP: 17,
  WIPEONFORK: 18,
  KEEPONFORK: 19,
  COLD: 20,
  PAGEOUT: 21,
  POPULATE_READ: 22,
  POPULATE_WRITE: 23,
  DONTNEED_LOCKED: 24,
  COLLAPSE: 25,
  HWPOISON: 100,
  SOFT_OFFLINE: 101,
} as const;

/** Flags of mremap(2). */
export const MREMAP = {
  MAYMOVE: 1,
  FIXED: 2,
  DONTUNMAP: 4,
} as const;

/** Address families. */
export const AF = {
  UNSPEC: 0,
  UNIX: 1,
  INET: 2,
  AX25: 3,
  IPX: 4,
  APPLETALK: 5,
  NETROM: 6,
  BRIDGE: 7,
  ATMPVC: 8,
  X25: 9,
  INET6: 10,
  ROSE: 11,
  NETBEUI: 13,
  SECURITY: 14,
  KEY: 15,
  NETLINK: 16,
  PACKET: 17,
  ASH: 18,
  ECONET: 19,
  ATMSVC: 20,
  RDS: 21,
  SNA: 22,
  IRDA: 23,
  PPPOX: 24,
  WANPIPE: 25,
  LLC: 26,
  IB: 27,
  MPLS: 28,
  CAN: 29,
  TIPC: 30,
  BLUETOOTH: 31,
  IUCV: 32,
  RXRPC: 33,
  ISDN: 34,
  PHONET: 35,
  IEEE802154: 36,
  CAIF: 37,
  ALG: 38,
  NFC: 39,
  VSOCK: 40,
  KCM: 41,
  QIPCRTR: 42,
  SMC: 43,
  XDP: 44,
  MCTP: 45,
} as const;

/** Socket types and their flags. */
export const SOCK = {
  STREAM: 1,
  DGRAM: 2,
  RAW: 3,
  RDM: 4,
  SEQPACKET: 5,
  DCCP: 6,
  PACKET: 10,
  NONBLOCK: 2048,
  CLOEXEC: 524288,
} as const;

/** IP protocols. */
export const IPPROTO = {
  HOPOPTS: 0,
  IP: 0,
  ICMP: 1,
  IGMP: 2,
  IPIP: 4,
  TCP: 6,
  EGP: 8,
  PUP: 12,
  UDP: 17,
  IDP: 22,
  TP: 29,
  DCCP: 33,
  IPV6: 41,
  ROUTING: 43,
  FRAGMENT: 44,
  RSVP: 46,
  GRE: 47,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  NONE: 59,
  DSTOPTS: 60,
  MTP: 92,
  BEETPH: 94,
  ENCAP: 98,
  PIM: 103,
  COMP: 108,
  SCTP: 132,
  MH: 135,
  UDPLITE: 136,
  MPLS: 137,
  ETHERNET: 143,
  RAW: 255,
  MPTCP: 262,
} as const;

/** Levels of setsockopt(2). */
export const SOL = {
  IP: 0,
  SOCKET: 1,
  IPV6: 41,
  ICMPV6: 58,
  RAW: 255,
  DECNET: 261,
  X25: 262,
  PACKET: 263,
  ATM: 264,
  AAL: 265,
  IRDA: 266,
  NETBEUI: 267,
  LLC: 268,
  DCCP: 269,
  NETLINK: 270,
  TIPC: 271,
  RXRPC: 272,
  PPPOL2TP: 273,
  BLUETOOTH: 274,
  PNPIPE: 275,
  RDS: 276,
  IUCV: 277,
  CAIF: 278,
  ALG: 279,
  NFC: 280,
  KCM: 281,
  TLS: 282,
  XDP: 283,
  MPTCP: 284,
  MCTP: 285,
  SMC: 286,
} as const;

/** Socket options of level SOL_SOCKET. */
export const SO = {
  DEBUG: 1,
  REUSEADDR: 2,
  TYPE: 3,
  ERROR: 4,
  DONTROUTE: 5,
  BROADCAST: 6,
  SNDBUF: 7,
  RCVBUF: 8,
  KEEPALIVE: 9,
  OOBINLINE: 10,
  NO_CHECK: 11,
  PRIORITY: 12,
  LINGER: 13,
  BSDCOMPAT: 14,
  REUSEPORT: 15,
  PASSCRED: 16,
  PEERCRED: 17,
  RCVLOWAT: 18,
  SNDLOWAT: 19,
  RCVTIMEO: 20,
  SNDTIMEO: 21,
  SECURITY_AUTHENTICATION: 22,
  SECURITY_ENCRYPTION_TRANSPORT: 23,
  SECURITY_ENCRYPTION_NETWORK: 24,
  BINDTODEVICE: 25,
  ATTACH_FILTER: 26,
  DETACH_FILTER: 27,
  PEERNAME: 28,
  TIMESTAMP: 29,
  ACCEPTCONN: 30,
  PEERSEC: 31,
  SNDBUFFORCE: 32,
  RCVBUFFORCE: 33,
  PASSSEC: 34,
  TIMESTAMPNS: 35,
  MARK: 36,
  TIMESTAMPING: 37,
  PROTOCOL: 38,
  DOMAIN: 39,
  RXQ_OVFL: 40,
  WIFI_STATUS: 41,
  PEEK_OFF: 42,
  NOFCS: 43,
  LOCK_FILTER: 44,
  SELECT_ERR_QUEUE: 45,
  BUSY_POLL: 46,
  MAX_PACING_RATE: 47,
  BPF_EXTENSIONS: 48,
  INCOMING_CPU: 49,
  ATTACH_BPF: 50,
  ATTACH_REUSEPORT_CBPF: 51,
  ATTACH_REUSEPORT_EBPF: 52,
  CNX_ADVICE: 53,
  MEMINFO: 55,
  INCOMING_NAPI_ID: 56,
  COOKIE: 57,
  PEERGROUPS: 59,
  ZEROCOPY: 60,
  TXTIME: 61,
  BINDTOIFINDEX: 62,
  DETACH_REUSEPORT_BPF: 68,
  PREFER_BUSY_POLL: 69,
  BUSY_POLL_BUDGET: 70,
  NETNS_COOKIE: 71,
  BUF_LOCK: 72,
  RESERVE_MEM: 73,
  TXREHASH: 74,
  RCVMARK: 75,
} as const;

/** Socket options of level IPPROTO_TCP. */
export const TCP_OPTION = {
  NODELAY: 1,
  MAXSEG: 2,
  CORK: 3,
  KEEPIDLE: 4,
  KEEPINTVL: 5,
  KEEPCNT: 6,
  SYNCNT: 7,
  LINGER2: 8,
  DEFER_ACCEPT: 9,
  WINDOW_CLAMP: 10,
  INFO: 11,
  QUICKACK: 12,
  CONGESTION: 13,
  MD5SIG: 14,
  USER_TIMEOUT: 18,
  FASTOPEN: 23,
  TIMESTAMP: 24,
  NOTSENT_LOWAT: 25,
  FASTOPEN_CONNECT: 30,
  ULP: 31,
  INQ: 36,
} as const;

/** Flags of send(2) and recv(2). */
export const MSG = {
  OOB: 1,
  PEEK: 2,
  DONTROUTE: 4,
  TRYHARD: 4,
  CTRUNC: 8,
  PROXY: 16,
  TRUNC: 32,
  DONTWAIT: 64,
  EOR: 128,
  WAITALL: 256,
  FIN: 512,
  SYN: 1024,
  CONFIRM: 2048,
  RST: 4096,
  ERRQUEUE: 8192,
  NOSIGNAL: 16384,
  MORE: 32768,
  WAITFORONE: 65536,
  BATCH: 262144,
  ZEROCOPY: 67108864,
  FASTOPEN: 536870912,
  CMSG_CLOEXEC: 1073741824,
} as const;

/** How of shutdown(2). */
export const SHUT = {
  RD: 0,
  WR: 1,
  RDWR: 2,
} as const;

/** Ancillary messages of unix sockets. */
export const SCM = {
  RIGHTS: 1,
  CREDENTIALS: 2,
} as const;

/** Events of poll(2). */
export const POLL = {
  IN: 1,
  PRI: 2,
  OUT: 4,
  ERR: 8,
  HUP: 16,
  NVAL: 32,
  RDNORM: 64,
  RDBAND: 128,
  WRNORM: 256,
  WRBAND: 512,
  RDHUP: 8192,
} as const;

/** Events of epoll. */
export const EPOLL = {
  IN: 1,
  PRI: 2,
  OUT: 4,
  ERR: 8,
  HUP: 16,
  RDNORM: 64,
  RDBAND: 128,
  WRNORM: 256,
  WRBAND: 512,
  MSG: 1024,
  RDHUP: 8192,
  EXCLUSIVE: 268435456,
  WAKEUP: 536870912,
  ONESHOT: 1073741824,
  ET: 2147483648,
} as const;

/** Commands of epoll_ctl(2). */
export const EPOLL_CTL = {
  ADD: 1,
  DEL: 2,
  MOD: 3,
} as const;

/** Flags of eventfd2(2). */
export const EFD = {
  SEMAPHORE: 1,
  NONBLOCK: 2048,
  CLOEXEC: 524288,
} as const;

/** Flags of timerfd. */
export const TFD = {
  TIMER_ABSTIME: 1,
  TIMER_CANCEL_ON_SET: 2,
  NONBLOCK: 2048,
  CLOEXEC: 524288,
} as const;

/** inotify events and flags. */
export const IN = {
  ACCESS: 1,
  MODIFY: 2,
  ATTRIB: 4,
  CLOSE_WRITE: 8,
  CLOSE_NOWRITE: 16,
  OPEN: 32,
  MOVED_FROM: 64,
  MOVED_TO: 128,
  CREATE: 256,
  DELETE: 512,
  DELETE_SELF: 1024,
  MOVE_SELF: 2048,
  NONBLOCK: 2048,
  UNMOUNT: 8192,
  Q_OVERFLOW: 16384,
  IGNORED: 32768,
  CLOEXEC: 524288,
  ONLYDIR: 16777216,
  ISDIR: 1073741824,
  ONESHOT: 2147483648,
} as const;

/** Options of wait4(2) and waitid(2). */
export const WAIT = {
  WNOHANG: 1,
  WSTOPPED: 2,
  WUNTRACED: 2,
  WEXITED: 4,
  WCONTINUED: 8,
  WNOWAIT: 16777216,
  __WNOTHREAD: 536870912,
  __WALL: 1073741824,
  __WCLONE: 2147483648,
} as const;

/** Options of prctl(2). */
export const PR = {
  SET_PDEATHSIG: 1,
  GET_PDEATHSIG: 2,
  GET_DUMPABLE: 3,
  SET_DUMPABLE: 4,
  GET_KEEPCAPS: 7,
  SET_KEEPCAPS: 8,
  SET_NAME: 15,
  GET_NAME: 16,
  GET_SECCOMP: 21,
  SET_SECCOMP: 22,
  CAPBSET_READ: 23,
  CAPBSET_DROP: 24,
  GET_TSC: 25,
  SET_TSC: 26,
  GET_SECUREBITS: 27,
  SET_SECUREBITS: 28,
  SET_TIMERSLACK: 29,
  GET_TIMERSLACK: 30,
  SET_MM: 35,
  SET_CHILD_SUBREAPER: 36,
  GET_CHILD_SUBREAPER: 37,
  SET_NO_NEW_PRIVS: 38,
  GET_NO_NEW_PRIVS: 39,
  GET_TID_ADDRESS: 40,
  SET_THP_DISABLE: 41,
  GET_THP_DISABLE: 42,
  CAP_AMBIENT: 47,
  SET_VMA: 1398164801,
  SET_PTRACER: 1499557217,
} as const;

/** Codes of arch_prctl(2). */
export const ARCH = {
  SET_GS: 4097,
  SET_FS: 4098,
  GET_FS: 4099,
  GET_GS: 4100,
  GET_CPUID: 4113,
  SET_CPUID: 4114,
} as const;

/** Resources of prlimit64(2). */
export const RLIMIT = {
  CPU: 0,
  FSIZE: 1,
  DATA: 2,
  STACK: 3,
  CORE: 4,
  RSS: 5,
  NPROC: 6,
  NOFILE: 7,
  MEMLOCK: 8,
  AS: 9,
  LOCKS: 10,
  SIGPENDING: 11,
  MSGQUEUE: 12,
  NICE: 13,
  RTPRIO: 14,
  RTTIME: 15,
} as const;

/** Capabilities. */
export const CAP = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  LINUX_IMMUTABLE: 9,
  NET_BIND_SERVICE: 10,
  NET_BROADCAST: 11,
  NET_ADMIN: 12,
  NET_RAW: 13,
  IPC_LOCK: 14,
  IPC_OWNER: 15,
  SYS_MODULE: 16,
  SYS_RAWIO: 17,
  SYS_CHROOT: 18,
  SYS_PTRACE: 19,
  SYS_PACCT: 20,
  SYS_ADMIN: 21,
  SYS_BOOT: 22,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
  SYS_TIME: 25,
  SYS_TTY_CONFIG: 26,
  MKNOD: 27,
  LEASE: 28,
  AUDIT_WRITE: 29,
  AUDIT_CONTROL: 30,
  SETFCAP: 31,
  MAC_OVERRIDE: 32,
  MAC_ADMIN: 33,
  SYSLOG: 34,
  WAKE_ALARM: 35,
  BLOCK_SUSPEND: 36,
  AUDIT_READ: 37,
  PERFMON: 38,
  BPF: 39,
  CHECKPOINT_RESTORE: 40,
} as const;

/** Flags of mount(2). */
export const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  MANDLOCK: 64,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  MOVE: 8192,
  REC: 16384,
  SILENT: 32768,
  POSIXACL: 65536,
  UNBINDABLE: 131072,
  PRIVATE: 262144,
  SLAVE: 524288,
  SHARED: 1048576,
  RELATIME: 2097152,
  KERNMOUNT: 4194304,
  I_VERSION: 8388608,
  STRICTATIME: 16777216,
  LAZYTIME: 33554432,
  SUBMOUNT: 67108864,
  NOREMOTELOCK: 134217728,
  NOSEC: 268435456,
  BORN: 536870912,
  ACTIVE: 1073741824,
} as const;

/** Flags of umount2(2). */
export const MNT = {
  FORCE: 1,
  DETACH: 2,
  EXPIRE: 4,
} as const;

/** Operations of futex(2). */
export const FUTEX = {
  WAIT: 0,
  WAKE: 1,
  FD: 2,
  REQUEUE: 3,
  CMP_REQUEUE: 4,
  WAKE_OP: 5,
  LOCK_PI: 6,
  UNLOCK_PI: 7,
  TRYLOCK_PI: 8,
  WAIT_BITSET: 9,
  WAKE_BITSET: 10,
  WAIT_REQUEUE_PI: 11,
  CMP_REQUEUE_PI: 12,
  LOCK_PI2: 13,
  PRIVATE_FLAG: 128,
  CLOCK_REALTIME: 256,
} as const;

/** Clock ids. */
export const CLOCK = {
  REALTIME: 0,
  MONOTONIC: 1,
  PROCESS_CPUTIME_ID: 2,
  THREAD_CPUTIME_ID: 3,
  MONOTONIC_RAW: 4,
  REALTIME_COARSE: 5,
  MONOTONIC_COARSE: 6,
  BOOTTIME: 7,
  REALTIME_ALARM: 8,
  BOOTTIME_ALARM: 9,
  TAI: 11,
} as const;

/** Flags of getrandom(2). */
export const GRND = {
  NONBLOCK: 1,
  RANDOM: 2,
  INSECURE: 4,
} as const;

/** Flags of renameat2(2). */
export const RENAME = {
  NOREPLACE: 1,
  EXCHANGE: 2,
  WHITEOUT: 4,
} as const;

/** open_how.resolve of openat2(2). */
export const RESOLVE = {
  NO_XDEV: 1,
  NO_MAGICLINKS: 2,
  NO_SYMLINKS: 4,
  BENEATH: 8,
  IN_ROOT: 16,
  CACHED: 32,
} as const;

/** Mask of statx(2). */
export const STATX = {
  TYPE: 1,
  MODE: 2,
  NLINK: 4,
  UID: 8,
  GID: 16,
  ATIME: 32,
  MTIME: 64,
  CTIME: 128,
  INO: 256,
  SIZE: 512,
  BLOCKS: 1024,
  BASIC_STATS: 2047,
  BTIME: 2048,
  MNT_ID: 4096,
  DIOALIGN: 8192,
} as const;

/** Flags of memfd_create(2). */
export const MFD = {
  CLOEXEC: 1,
  ALLOW_SEALING: 2,
  HUGETLB: 4,
} as const;

/** Flags of close_range(2). */
export const CLOSE_RANGE = {
  UNSHARE: 2,
  CLOEXEC: 4,
} as const;

/** Requests of ptrace(2). */
export const PTRACE = {
  TRACEME: 0,
  PEEKTEXT: 1,
  PEEKDATA: 2,
  PEEKUSR: 3,
  POKETEXT: 4,
  POKEDATA: 5,
  POKEUSR: 6,
  CONT: 7,
  KILL: 8,
  SINGLESTEP: 9,
  GETREGS: 12,
  SETREGS: 13,
  GETFPREGS: 14,
  SETFPREGS: 15,
  ATTACH: 16,
  DETACH: 17,
  GETFPXREGS: 18,
  SETFPXREGS: 19,
  OLDSETOPTIONS: 21,
  SYSCALL: 24,
  SYSEMU: 31,
  SINGLEBLOCK: 33,
  SETOPTIONS: 16896,
  GETEVENTMSG: 16897,
  GETSIGINFO: 16898,
  SETSIGINFO: 16899,
  GETREGSET: 16900,
  SETREGSET: 16901,
  SEIZE: 16902,
  INTERRUPT: 16903,
  LISTEN: 16904,
  PEEKSIGINFO: 16905,
  GETSIGMASK: 16906,
  SETSIGMASK: 16907,
} as const;

/** Actions of a seccomp filter. */
export const SECCOMP_RET = {
  KILL_THREAD: 0,
  TRAP: 196608,
  ERRNO: 327680,
  USER_NOTIF: 2143289344,
  TRACE: 2146435072,
  LOG: 2147221504,
  ALLOW: 2147418112,
  KILL_PROCESS: 2147483648,
} as const;

/** Modes and operations of seccomp(2). */
export const SECCOMP = {
  MODE_DISABLED: 0,
  SET_MODE_STRICT: 0,
  MODE_STRICT: 1,
  SET_MODE_FILTER: 1,
  GET_ACTION_AVAIL: 2,
  MODE_FILTER: 2,
  GET_NOTIF_SIZES: 3,
} as const;

/** Architectures in `struct seccomp_data`. */
export const AUDIT_ARCH = {
  I386: 1073741827,
  X86_64: 3221225534,
  AARCH64: 3221225655,
} as const;

/** Flags of perf_event_open(2). */
export const PERF_FLAG = {
  FD_NO_GROUP: 1,
  FD_OUTPUT: 2,
  PID_CGROUP: 4,
  FD_CLOEXEC: 8,
} as const;

/** Flags of sigaction(2). */
export const SA = {
  NOCLDSTOP: 1,
  NOCLDWAIT: 2,
  SIGINFO: 4,
  ONSTACK: 134217728,
  RESTART: 268435456,
  NODEFER: 1073741824,
  RESETHAND: 2147483648,
} as const;

/** How of sigprocmask(2). */
export const SIG_HOW = {
  BLOCK: 0,
  UNBLOCK: 1,
  SETMASK: 2,
} as const;

/** ioctl(2) requests of terminals and files. */
export const TIOC = {
  TCGETS: 21505,
  TCSETS: 21506,
  TCSETSW: 21507,
  TCSETSF: 21508,
  TIOCSCTTY: 21518,
  TIOCGPGRP: 21519,
  TIOCSPGRP: 21520,
  TIOCGWINSZ: 21523,
  TIOCSWINSZ: 21524,
  FIONREAD: 21531,
  FIONBIO: 21537,
  TIOCNOTTY: 21538,
  FIONCLEX: 21584,
  FIOCLEX: 21585,
} as const;

/** File system magic numbers (statfs.f_type). */
export const SUPER_MAGIC = {
  DEVPTS_SUPER_MAGIC: 7377,
  PROC_SUPER_MAGIC: 40864,
  EXT4_SUPER_MAGIC: 61267,
  CGROUP_SUPER_MAGIC: 2613483,
  TMPFS_MAGIC: 16914836,
  ANON_INODE_FS_MAGIC: 151263540,
  PIPEFS_MAGIC: 1346981957,
  SOCKFS_MAGIC: 1397703499,
  XFS_SUPER_MAGIC: 1481003842,
  SYSFS_MAGIC: 1650812274,
  CGROUP2_SUPER_MAGIC: 1667723888,
  DEBUGFS_MAGIC: 1684170528,
  NSFS_MAGIC: 1853056627,
  SECURITYFS_MAGIC: 1935894131,
  TRACEFS_MAGIC: 1953653091,
  OVERLAYFS_SUPER_MAGIC: 2035054128,
  RAMFS_MAGIC: 2240043254,
  BTRFS_SUPER_MAGIC: 2435016766,
  BPF_FS_MAGIC: 3405662737,
} as const;

/** Ethernet protocol numbers. */
export const ETH_P = {
  ALL: 3,
  IP: 2048,
  ARP: 2054,
  '8021Q': 33024,
  IPV6: 34525,
  '8021AD': 34984,
  LOOPBACK: 36864,
} as const;

/** Link types of network devices. */
export const ARPHRD = {
  ETHER: 1,
  TUNNEL: 768,
  LOOPBACK: 772,
  NONE: 65534,
} as const;
