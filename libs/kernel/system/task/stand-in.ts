import { O } from '@probed/abi';
import { diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import type { Kernel } from '../kernel';
import { layoutProgram } from '../mm/exec-layout';
import { UserArena } from '../mm/user-arena';
import { type Sys, YIELD } from '../sched/task-program';
import { createFile } from '../vfs/file';
import { FilesStruct } from '../vfs/files-struct';
import { FsStruct } from '../vfs/fs-struct';
import { lookupFrom } from '../vfs/namei';
import { CAP_FULL, credFor } from './cred';
import { TASK_STATE } from './state';
import type { Task } from './task';

const EEXIST = 17;
const ENOENT = 2;
const EINVAL = 22;
const DEFAULT_EXE = '/usr/bin/bash';

/** What a stand-in is to look like. */
export interface StandIn {
  /** Thread id in the initial pid namespace; the next free one by default. */
  readonly pid?: number;
  /** Process that it is a thread of, its own by default; made when there is none of that number. */
  readonly tgid?: number;
  /** Parent process, init by default. */
  readonly ppid?: number;
  /** Cut to 15 bytes; the base name of `exe` by default. */
  readonly comm?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Path below /sys/fs/cgroup, `/` by default; made when there is none. */
  readonly cgroup?: string;
  /** An executable of the node's file tree, `/usr/bin/bash` by default. */
  readonly exe?: string;
  /** Its command line, `[exe]` by default. */
  readonly argv?: readonly string[];
}

/**
 * A process that has everything a process has (task_struct, credentials, cgroup, user memory) and no program of its
 * own: it sleeps, and acts only when a host acts in its name. Signals reach it.
 * Errors: `task-exists` (EEXIST), `no-such-task`, `no-such-file` (ENOENT), `bad-task` (EINVAL).
 */
export function createStandIn(k: Kernel, spec: StandIn): Result<Task> {
  const leader = leaderOf(k, spec);
  if (!leader.ok) return leader;
  const { pid, tgid } = spec;
  return leader.value ? create(k, spec, leader.value) : create(k, { ...spec, pid: pid ?? tgid }, undefined);
}

/** The process that a stand-in is a thread of, made if need be; undefined when it is to be a process itself. */
function leaderOf(k: Kernel, spec: StandIn): Result<Task | undefined> {
  const { pid, tgid } = spec;
  if (tgid === undefined || tgid === pid) return ok(undefined);
  const known = k.tasks.find(tgid);
  if (known || pid === undefined) return ok(known);
  return create(k, { ...spec, pid: tgid }, undefined);
}

function create(k: Kernel, spec: StandIn, leader: Task | undefined): Result<Task> {
  const parent = spec.ppid === undefined ? k.init : k.tasks.find(spec.ppid);
  if (!parent) return fault('no-such-task', `no task ${spec.ppid} to be the parent`, ENOENT);
  if (leader && leader.groupLeader !== leader)
    return fault('bad-task', `task ${leader.pid} is a thread, not a process`, EINVAL);
  const exe = spec.exe ?? DEFAULT_EXE;
  const inode = leader ? undefined : lookupFrom(k, k.root, exe);
  if (inode !== undefined && (typeof inode === 'number' || !inode.path.dentry.inode?.program))
    return fault('no-such-file', `no executable ${exe} on the node`, ENOENT, nearestExecutable(k, exe));
  const { pid } = spec;
  if (pid !== undefined && !k.ns.initPid.claim(pid)) {
    const free = Number.isInteger(pid) && pid > 0 && pid < 4_194_304;
    if (free) return fault('task-exists', `there is a task ${pid} already`, EEXIST);
    return fault('bad-task', `${pid} is no pid`, EINVAL, 'a whole number from 1 to 4194303');
  }
  const task = k.tasks.create({
    parent: leader ?? parent,
    comm: spec.comm ?? leader?.comm ?? exe.slice(exe.lastIndexOf('/') + 1),
    cred: leader && spec.uid === undefined ? leader.cred : credFor(spec.uid ?? 0, spec.gid ?? 0, CAP_FULL),
    cgroup: k.cgroups.ensure(spec.cgroup ?? leader?.cgroup.path ?? '/'),
    nsproxy: leader?.nsproxy ?? k.ns.initProxy,
    files: leader?.files ?? new FilesStruct(k),
    fs: leader?.fs ?? new FsStruct(k, k.root, k.root),
    mm: leader?.mm,
    threadOf: leader,
    pid,
  });
  if (leader) task.image = leader.image;
  else giveMemory(k, task, exe, spec.argv ?? [exe]);
  task.autoReap = true;
  task.program = waitForSignals(k);
  k.tasks.setState(task, TASK_STATE.INTERRUPTIBLE);
  return ok(task);
}

function giveMemory(k: Kernel, task: Task, exe: string, argv: readonly string[]): void {
  task.signal.pgrp = task.pid;
  task.signal.session = task.pid;
  const found = lookupFrom(k, k.root, exe);
  if (typeof found === 'number') throw new Error(`invariant broken: ${exe} is gone`);
  const { path } = found;
  const file = createFile(k, path, path.dentry.inode!, O.RDONLY);
  const { mm, image } = layoutProgram(k, file, { argv, envp: [] }, exe);
  k.tasks.setMm(task, mm);
  task.image = image;
  task.userFrames = image.entryFrames.slice();
}

/** pause(2) for ever. */
function* waitForSignals(k: Kernel): Sys<never> {
  for (;;) {
    yield* k.sched.block(TASK_STATE.INTERRUPTIBLE);
    if (k.task.signalPending() || k.task.signal.groupExiting) yield* k.signals.deliver();
    else yield YIELD.PREEMPT;
  }
}

function nearestExecutable(k: Kernel, exe: string): string | undefined {
  const programs = [...k.programs.names()];
  return suggestion(exe.slice(exe.lastIndexOf('/') + 1), programs);
}

function fault(code: string, message: string, errno: number, hint?: string) {
  return err(diagnostic(code, message, { errno, hint }));
}

const arenas = new WeakMap<object, UserArena>();

/** Copies bytes into a task's user memory. @returns their address; undefined for a task without any, or when it is full */
export function placeUserBytes(k: Kernel, task: Task, bytes: Uint8Array): number | undefined {
  const { mm } = task;
  if (!mm) return undefined;
  let arena = arenas.get(mm);
  if (!arena) arenas.set(mm, (arena = new UserArena(k, mm)));
  return arena.place(bytes);
}
