import { AT, O, S } from '@probed/abi';
import { readI64 } from '@probed/base';
import type { Sys, UserContext } from '@probed/system';

/** What one write(2) takes at most; stdio of coreutils writes in blocks of this order. */
const WRITE_CHUNK_BYTES = 65_536;
/** Where reading stops: nothing in an emulated container is that large. */
const FILE_BYTES_MAX = 32 * 1024 * 1024;
/** What is taken of a device that never ends. */
const DEVICE_BYTES_MAX = 1024 * 1024;
const EFBIG = -27;
const EINTR = -4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A `struct stat`, the members that tools show. */
export interface Stat {
  readonly mode: number;
  readonly size: number;
  readonly uid: number;
  readonly gid: number;
  readonly nlink: number;
  readonly ino: number;
  readonly dev: number;
  readonly rdev: number;
  /** Seconds since 1970, with fraction. */
  readonly mtime: number;
  readonly blocks: number;
}

export function isType(stat: Stat, type: number): boolean {
  return (stat.mode & S.IFMT) === type;
}

/** Decodes what the stat call before left in user memory. */
function lastStat(u: UserContext): Stat {
  const bytes = u.peek(u.lastRoom, 144);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    dev: readI64(view, 0),
    ino: readI64(view, 8),
    nlink: readI64(view, 16),
    mode: view.getUint32(24, true),
    uid: view.getUint32(28, true),
    gid: view.getUint32(32, true),
    rdev: readI64(view, 40),
    size: readI64(view, 48),
    blocks: readI64(view, 64),
    mtime: readI64(view, 88) + readI64(view, 96) / 1e9,
  };
}

/** newfstatat(2). @returns a negative errno instead when it fails */
export function* statPath(u: UserContext, path: string, follow = true): Sys<Stat | number> {
  const error = yield* u.stat(path, follow ? 0 : AT.SYMLINK_NOFOLLOW);
  return error < 0 ? error : lastStat(u);
}

export function* statFd(u: UserContext, fd: number): Sys<Stat | number> {
  const error = yield* u.fstat(fd);
  return error < 0 ? error : lastStat(u);
}

/** Writes all of it, in as many calls as it takes. @returns 0 or a negative errno */
export function* writeAll(u: UserContext, fd: number, data: string | Uint8Array): Sys {
  const bytes = typeof data === 'string' ? encoder.encode(data) : data;
  for (let at = 0; at < bytes.length; ) {
    const chunk = bytes.subarray(at, at + WRITE_CHUNK_BYTES);
    u.k.user.write(u.task.mm!, u.buffer, chunk);
    const written = yield* u.write(fd, chunk.length);
    if (written === EINTR) continue;
    if (written < 0) return written;
    at += written;
  }
  return 0;
}

/** One read(2), repeated when a signal interrupts it. @returns bytes, empty at the end; or a negative errno */
export function* readSome(u: UserContext, fd: number, count = u.bufferBytes): Sys<Uint8Array | number> {
  for (;;) {
    const got = yield* u.read(fd, Math.min(count, u.bufferBytes));
    if (got === EINTR) continue;
    return got < 0 ? got : u.peek(u.buffer, got).slice();
  }
}

/** Everything up to the end of file. */
export function* readToEnd(u: UserContext, fd: number, max = FILE_BYTES_MAX): Sys<Uint8Array | number> {
  const parts: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const part = yield* readSome(u, fd);
    if (typeof part === 'number') return part;
    if (part.length === 0) break;
    parts.push(part);
    total += part.length;
    if (total >= max) return max === DEVICE_BYTES_MAX ? concat(parts, total) : EFBIG;
  }
  return concat(parts, total);
}

function concat(parts: readonly Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0];
  const out = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** As {@link readToEnd}, with an end put to devices that have none. */
export function* readDescriptor(u: UserContext, fd: number): Sys<Uint8Array | number> {
  const stat = yield* statFd(u, fd);
  if (typeof stat === 'number') return stat;
  const endless = isType(stat, S.IFCHR) && stat.rdev >> 8 === 1;
  return yield* readToEnd(u, fd, endless ? DEVICE_BYTES_MAX : FILE_BYTES_MAX);
}

/** open, fstat, read to the end, close: what reading a file takes. */
export function* readFile(u: UserContext, path: string): Sys<Uint8Array | number> {
  const fd = yield* u.open(path, O.RDONLY);
  if (fd < 0) return fd;
  const data = yield* readDescriptor(u, fd);
  yield* u.close(fd);
  return data;
}

/** The text of a file, or of nothing when it cannot be read. */
export function* readText(u: UserContext, path: string): Sys<string | undefined> {
  const data = yield* readFile(u, path);
  return typeof data === 'number' ? undefined : decoder.decode(data);
}

/** open, write, close. @returns 0 or a negative errno */
export function* writeFile(u: UserContext, path: string, data: string | Uint8Array, append = false): Sys {
  const flags = O.WRONLY | O.CREAT | (append ? O.APPEND : O.TRUNC);
  const fd = yield* u.open(path, flags, 0o666);
  if (fd < 0) return fd;
  const error = yield* writeAll(u, fd, data);
  yield* u.close(fd);
  return error;
}

/** One entry of a directory. */
export interface DirEntry {
  readonly name: string;
  /** `DT_*` */
  readonly type: number;
}

/** Entries but `.` and `..`, in byte order of their names. @returns a negative errno instead when it fails */
export function* readDirectory(u: UserContext, path: string): Sys<DirEntry[] | number> {
  const fd = yield* u.open(path, O.RDONLY | O.NONBLOCK | O.CLOEXEC | O.DIRECTORY);
  if (fd < 0) return fd;
  yield* u.fstat(fd);
  const entries: DirEntry[] = [];
  for (;;) {
    const bytes = yield* u.getdents(fd);
    if (bytes <= 0) break;
    const data = u.peek(u.buffer, bytes);
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    for (let at = 0; at < bytes; at += view.getUint16(at + 16, true)) {
      const name = decoder.decode(data.subarray(at + 19, data.indexOf(0, at + 19)));
      if (name !== '.' && name !== '..') entries.push({ name, type: data[at + 18] });
    }
  }
  yield* u.close(fd);
  return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Where the task is. */
export function* currentDirectory(u: UserContext): Sys<string> {
  const length = yield* u.getcwd();
  return length > 0 ? u.text(u.buffer, length - 1) : '/';
}
