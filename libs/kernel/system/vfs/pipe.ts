import { O, POLL, S } from '@probed/abi';
import type { Kernel } from '../kernel';
import type { Source } from '../mm/user-memory';
import type { Sys } from '../sched/task-program';
import { WaitQueue } from '../sched/wait-queue';
import { tracedBlocking } from '../trace/traced';
import { ByteQueue } from './byte-queue';
import { createDentry } from './dentry';
import { createFile, type File, type FileOps } from './file';
import { Inode } from './inode';
import { putFile } from './open';

const EAGAIN = -11;
const EFAULT = -14;
const EPIPE = -32;
const ERESTARTSYS = -512;
const SIGPIPE = 13;
/** 16 pages. */
const PIPE_BYTES = 65_536;
const COPY_BASE_NS = 260;
const COPY_NS_PER_BYTE = 0.06;

/** The shared buffer of a pipe's two ends (`struct pipe_inode_info`). */
class Pipe {
  readonly bytes = new ByteQueue();
  readers = 1;
  writers = 1;
  readonly wait = new WaitQueue();
  /** Takes what is written as it comes: a reader outside the emulation. */
  sink: ((data: Uint8Array) => void) | undefined;
}

const pipeRead = tracedBlocking<[File, number, number]>(
  ['anon_pipe_read', 'pipe_read'],
  (k, file) => [k.ptr(file.offset), 0],
  function* (k, file, buf, count) {
    const pipe = file.private as Pipe;
    if (pipe.bytes.size === 0 && pipe.writers > 0) {
      if (file.nonblocking) return EAGAIN;
      const woken = yield* pipe.wait.waitFor(k, () => pipe.bytes.size > 0 || pipe.writers === 0);
      if (woken < 0) return ERESTARTSYS;
    }
    const data = pipe.bytes.take(count);
    if (data.length > 0 && !k.user.write(k.task.mm!, buf, data)) return EFAULT;
    k.sched.spend(COPY_BASE_NS + data.length * COPY_NS_PER_BYTE);
    pipe.wait.wake(k);
    return data.length;
  },
);

const pipeWrite = tracedBlocking<[File, Source, number]>(
  ['anon_pipe_write', 'pipe_write'],
  (k, file) => [k.ptr(file.offset), 0],
  function* (k, file, buf, count) {
    const pipe = file.private as Pipe;
    let done = 0;
    while (done < count) {
      if (pipe.readers === 0) {
        k.signals.send(k.task, SIGPIPE);
        return done || EPIPE;
      }
      const room = Math.min(PIPE_BYTES - pipe.bytes.size, count - done);
      if (room > 0) {
        const data = k.user.fetch(buf, done, room);
        if (!data) return done || EFAULT;
        if (pipe.sink) pipe.sink(data);
        else pipe.bytes.push(data);
        done += room;
        k.sched.spend(COPY_BASE_NS + room * COPY_NS_PER_BYTE);
        pipe.wait.wake(k);
        continue;
      }
      if (file.nonblocking) return done || EAGAIN;
      const woken = yield* pipe.wait.waitFor(k, () => pipe.bytes.size < PIPE_BYTES || pipe.readers === 0);
      if (woken < 0) return done || ERESTARTSYS;
    }
    return done;
  },
);

const pipeOps: FileOps = {
  sleeps: true,
  readSleeping: (k, file, buf, count): Sys => pipeRead(k, file, buf, count),
  writeSleeping: (k, file, buf, count): Sys => pipeWrite(k, file, buf, count),
  poll(_k, file) {
    const pipe = file.private as Pipe;
    if (!file.readable) {
      if (pipe.readers === 0) return POLL.ERR | POLL.OUT;
      return pipe.bytes.size < PIPE_BYTES ? POLL.OUT : 0;
    }
    return (pipe.bytes.size > 0 ? POLL.IN : 0) | (pipe.writers === 0 ? POLL.HUP : 0);
  },
  waitQueues: (_k, file) => [(file.private as Pipe).wait],
  release(k, file) {
    const pipe = file.private as Pipe;
    if (file.readable) pipe.readers--;
    else pipe.writers--;
    pipe.wait.wake(k);
  },
};

/** The far end of a pipe whose near end a task holds: input that the host writes, output that it takes. */
export interface HostPipe {
  /** The task's end. */
  readonly file: File;
  /** Bytes for a reading task. */
  push(data: Uint8Array): void;
  /** The host's end is gone: end of file for a reader, EPIPE for a writer. */
  close(): void;
}

/** @param sink takes what the task writes; without it the task reads. */
export function createHostPipe(k: Kernel, sink?: (data: Uint8Array) => void): HostPipe {
  const [read, write] = createPipe(k, 0);
  const pipe = read.private as Pipe;
  const [file, far] = sink ? [write, read] : [read, write];
  pipe.sink = sink;
  let open = true;
  return {
    file,
    push(data) {
      if (!open || pipe.readers === 0) return;
      pipe.bytes.push(data);
      pipe.wait.wake(k);
    },
    close() {
      if (!open) return;
      open = false;
      pipe.sink = undefined;
      putFile(k, far);
    },
  };
}

/** Both ends of a new pipe: read end first. */
export function createPipe(k: Kernel, flags: number): readonly [File, File] {
  const { sb, mnt } = k.vfs.pipefs;
  const inode = new Inode(sb, sb.allocIno(), S.IFIFO | 0o600, pipeOps);
  const dentry = createDentry(k, `pipe:[${inode.ino}]`, undefined, inode, sb);
  const pipe = new Pipe();
  const path = { mnt, dentry };
  const ends = [O.RDONLY, O.WRONLY].map((access) =>
    createFile(k, path, inode, access | (flags & O.NONBLOCK)),
  );
  for (const end of ends) end.private = pipe;
  return [ends[0], ends[1]];
}
