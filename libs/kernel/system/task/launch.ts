import { O } from '@probed/abi';
import type { Kernel } from '../kernel';
import { layoutProgram } from '../mm/exec-layout';
import type { NsProxy } from '../namespaces/nsproxy';
import { wakeUpNewTask } from '../sched/scheduler';
import { type Sys, YIELD } from '../sched/task-program';
import { UserContext } from '../user/context';
import { createFile } from '../vfs/file';
import { FilesStruct } from '../vfs/files-struct';
import { FsStruct } from '../vfs/fs-struct';
import type { Path } from '../vfs/mount';
import { lookupFrom } from '../vfs/namei';
import type { Stdio } from '../vfs/stdio';
import type { Tty } from '../vfs/tty';
import { CAP_FULL, credFor } from './cred';
import { TASK_STATE } from './state';
import type { Task } from './task';

const ENOENT = -2;

/** A process to be started by a service manager or a container runtime. */
export interface Launch {
  /** File to execute; a name without a slash is looked up along PATH of `env`. */
  readonly path: string;
  readonly argv: readonly string[];
  readonly env?: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Capability bounding set, all by default. */
  readonly caps?: number;
  /** Path below /sys/fs/cgroup, `/` by default. */
  readonly cgroup?: string;
  readonly nsproxy?: NsProxy;
  /** File tree, the node's by default. */
  readonly root?: Path;
  readonly cwd?: string;
  /** Controlling terminal for descriptors 0 to 2; /dev/null otherwise. */
  readonly tty?: Tty;
  /** Pipes for descriptors 0 to 2, whose other ends the container runtime holds; instead of `tty`. */
  readonly stdio?: Stdio;
  /** Exec session that the process and all its descendants belong to. */
  readonly execSession?: string;
  /** Told the wait status when the process is dead: exit code << 8, or the signal that ended it. */
  readonly onExit?: (status: number) => void;
  readonly parent?: Task;
  /** Virtual time of the start, now by default. */
  readonly atNs?: number;
  readonly loginUid?: number;
}

/** Makes the task, sets it up as its parent would have before execve, and execs. */
export function launch(k: Kernel, spec: Launch): Task {
  const root = spec.root ?? k.root;
  const { initProxy } = k.ns;
  const fs = new FsStruct(k, root, resolve(k, root, spec.cwd ?? '/'));
  const task = k.tasks.create({
    parent: spec.parent ?? k.init,
    comm: launcherOf(spec).comm,
    cred: credFor(spec.uid ?? 0, spec.gid ?? 0, spec.caps ?? CAP_FULL),
    cgroup: k.cgroups.ensure(spec.cgroup ?? '/'),
    nsproxy: spec.nsproxy ?? initProxy,
    files: new FilesStruct(k),
    fs,
    mm: undefined,
  });
  task.signal.pgrp = task.pid;
  task.signal.session = task.pid;
  if (spec.tty) attachTty(k, task, spec.tty);
  if (spec.loginUid !== undefined) k.tasks.setLoginUid(task, spec.loginUid, 3);
  task.execSession = spec.execSession;
  task.onExit = spec.onExit;
  task.autoReap = spec.onExit !== undefined || spec.execSession !== undefined || spec.stdio !== undefined;
  if (spec.stdio) spec.stdio.install(task);
  else openStandardFiles(k, task, root, spec.tty);
  task.program = bootstrap(k, spec);
  const atNs = spec.atNs ?? k.nowNs();
  k.sched.at(atNs, task.pid % k.cpus, () => wakeUpNewTask(k, task));
  k.tasks.setState(task, TASK_STATE.UNINTERRUPTIBLE);
  return task;
}

function attachTty(k: Kernel, task: Task, tty: Tty): void {
  task.signal.tty = tty;
  tty.foreground = task.pid;
  k.w.ptr(task.signal.offset, k.layout.signal.tty, tty.offset);
}

function resolve(k: Kernel, root: Path, path: string): Path {
  const found = lookupFrom(k, root, path);
  if (typeof found === 'number' || !found.path.dentry.inode) return root;
  return found.path;
}

function openStandardFiles(k: Kernel, task: Task, root: Path, tty: Tty | undefined): void {
  const path = resolve(k, root, tty ? `/dev/pts/${tty.index}` : '/dev/null');
  const inode = path.dentry.inode!;
  const file = createFile(k, path, inode, O.RDWR | O.LARGEFILE);
  file.refs = 3;
  for (let fd = 0; fd < 3; fd++) task.files.install(fd, file, false);
}

/** What the task was before its execve: runc's init in a container, systemd's child on the node. */
function launcherOf(spec: Launch): { readonly path: string; readonly comm: string } {
  if (spec.root) return { path: '/usr/bin/runc', comm: 'runc:[2:INIT]' };
  return { path: '/usr/lib/systemd/systemd', comm: `(${spec.path.slice(spec.path.lastIndexOf('/') + 1)})` };
}

/** The new task's first act: the execve that its parent prepared. */
function* bootstrap(k: Kernel, spec: Launch): Sys<never> {
  const { task } = k;
  const launcher = launcherOf(spec);
  const found = resolve(k, k.root, launcher.path);
  const file = createFile(k, found, found.dentry.inode!, O.RDONLY);
  const { mm, image, context } = layoutProgram(k, file, { argv: [launcher.path], envp: [] }, launcher.path);
  k.tasks.setMm(task, mm);
  task.image = image;
  task.userFrames = image.entryFrames.slice();
  const u = new UserContext(k, context);
  const env = spec.env ?? DEFAULT_ENV;
  let error = 0;
  for (const path of candidates(spec.path, env)) {
    error = yield* u.exec(path, spec.argv, env);
    if (error !== ENOENT) break;
  }
  yield* u.write(2, `exec ${spec.path}: ${error}\n`);
  yield* u.exit(127);
  for (;;) yield YIELD.EXIT;
}

/** A name without a slash is looked up along PATH, as the container runtime does. */
function candidates(path: string, env: readonly string[]): readonly string[] {
  if (path.includes('/')) return [path];
  const search = env.find((entry) => entry.startsWith('PATH=')) ?? DEFAULT_ENV[0];
  return search
    .slice('PATH='.length)
    .split(':')
    .map((dir) => `${dir || '.'}/${path}`);
}

const DEFAULT_ENV = ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'];
