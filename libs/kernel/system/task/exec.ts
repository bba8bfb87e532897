import { S } from '@probed/abi';
import type { Kernel } from '../kernel';
import { type ExecStrings, layoutProgram } from '../mm/exec-layout';
import { securityHook } from '../trace/security';
import { frame, traced } from '../trace/traced';
import type { File } from '../vfs/file';
import type { Path } from '../vfs/mount';
import { inodePermission, MAY } from '../vfs/namei';
import { closeFile, openExec, putFile } from '../vfs/open';
import { commitCreds } from './cred';
import { releaseMm, wakeVforkParent } from './exit';
import { SIG_DFL, SIG_IGN } from './signal-struct';
import { PF } from './state';

const ENOENT = -2;
const ENOEXEC = -8;
const EACCES = -13;
const ELOOP = -40;
/** Nested `#!` interpreters (`BINPRM_MAX_RECURSION`). */
const MAX_INTERPRETERS = 5;
const EXEC_COST_NS = 420_000;

const F_EXECVE_COMMON = frame('do_execveat_common.isra.0');
const F_BPRM = frame('bprm_execve');

/** `struct linux_binprm`: an execve in progress. */
export interface BinPrm {
  /** As given to execve; what the tracepoint shows. */
  readonly filename: string;
  /** The file that is run in the end: differs for scripts. */
  interp: string;
  file: File;
  strings: ExecStrings;
  readonly start: Path;
  /** Its struct, written when a hook asks for it. */
  offset: number;
}

/** Address of the `linux_binprm`, writing it on first use. */
function bprmStruct(k: Kernel, bprm: BinPrm): number {
  if (!bprm.offset) {
    const L = k.layout.binprm;
    const at = (bprm.offset = k.memory.alloc(L.sizeBytes));
    k.w.ptr(at, L.file, bprm.file.offset);
    k.w.ptr(at, L.cred, k.task.cred.offset);
    k.w.put(at, L.argc, bprm.strings.argv.length);
    k.w.put(at, L.envc, bprm.strings.envp.length);
    k.w.ptr(at, L.filename, k.w.string(bprm.filename));
    k.w.ptr(at, L.interp, k.w.string(bprm.interp));
    k.w.put(at, L.p, k.task.mm?.marks.startStack ?? 0);
    k.w.bytes(at, L.buf, bprm.file.inode.data.subarray(0, 256));
  }
  return k.ptr(bprm.offset);
}

function freeBprm(k: Kernel, bprm: BinPrm): void {
  if (!bprm.offset) return;
  const L = k.layout.binprm;
  for (const field of [L.filename, L.interp])
    if (field.offset >= 0) k.memory.free(k.memory.u32[(bprm.offset + field.offset) >> 2]);
  k.memory.free(bprm.offset);
  bprm.offset = 0;
}

const securityBprmCheck = securityHook<[BinPrm]>('bprm_check_security', (k, bprm) => [bprmStruct(k, bprm)], {
  caller: 'security_bprm_check',
});

const securityCredsForExec = securityHook<[BinPrm]>('bprm_creds_for_exec', (k, bprm) => [
  bprmStruct(k, bprm),
]);

const securityCommittedCreds = securityHook<[BinPrm]>('bprm_committed_creds', (k, bprm) => [
  bprmStruct(k, bprm),
]);

/** `set_task_comm` */
export const setTaskComm = traced<[string, boolean]>(
  '__set_task_comm',
  (k, comm, exec) => [
    k.ptr(k.task.offset),
    k.ptr(k.transient.bytes(new TextEncoder().encode(`${comm}\0`))),
    exec ? 1 : 0,
  ],
  (k, comm) => {
    const { task } = k;
    if (k.tp.taskRename.active) k.tp.taskRename.fire(task, comm);
    k.tasks.setComm(task, comm);
    return 0;
  },
);

/** The program to run: an ELF file of ours, or the interpreter that a script's first line names. */
function resolveInterpreter(k: Kernel, bprm: BinPrm): number {
  for (let depth = 0; ; depth++) {
    const { inode } = bprm.file;
    if (inode.type !== S.IFREG) return EACCES;
    const denied = inodePermission(k, inode, MAY.EXEC);
    if (denied < 0) return denied;
    const verdict = securityBprmCheck(k, bprm);
    if (verdict < 0) return verdict;
    if (inode.program) return 0;
    const head = new TextDecoder().decode(inode.data.subarray(0, 256));
    if (!head.startsWith('#!')) return ENOEXEC;
    if (depth >= MAX_INTERPRETERS) return ELOOP;
    const [interp, ...options] = head
      .slice(2, endOfLine(head))
      .trim()
      .split(/\s+(.*)/)
      .filter(Boolean);
    if (!interp) return ENOEXEC;
    const file = openExec(k, interp, bprm.start);
    if (typeof file === 'number') return file;
    putFile(k, bprm.file);
    bprm.file = file;
    bprm.strings = {
      ...bprm.strings,
      argv: [interp, ...options, bprm.interp, ...bprm.strings.argv.slice(1)],
    };
    bprm.interp = interp;
    freeBprm(k, bprm);
  }
}

function endOfLine(text: string): number {
  const at = text.indexOf('\n');
  return at < 0 ? text.length : at;
}

/**
 * `fs/exec.c: do_execveat_common`. On success the task's program has been replaced and 0 is the result; the caller
 * leaves the system call and then yields to the new program.
 */
export function execve(k: Kernel, filename: string, strings: ExecStrings): number {
  const { task } = k;
  const { stack } = task;
  const { depth } = stack;
  stack.push(k.frames[F_EXECVE_COMMON]);
  stack.push(k.frames[F_BPRM]);
  const start = task.fs.pwd;
  const file = filename === '' ? ENOENT : openExec(k, filename, start);
  if (typeof file === 'number') {
    stack.depth = depth;
    return file;
  }
  const bprm: BinPrm = { filename, interp: filename, file, strings, start, offset: 0 };
  let error = securityCredsForExec(k, bprm);
  if (error >= 0) error = resolveInterpreter(k, bprm);
  if (error >= 0) error = beginNewExec(k, bprm);
  if (error < 0) putFile(k, bprm.file);
  freeBprm(k, bprm);
  stack.depth = depth;
  return error;
}

/** The point of no return: new memory, name, credentials; descriptors and handlers reset. */
function beginNewExec(k: Kernel, bprm: BinPrm): number {
  const { task } = k;
  const { inode } = bprm.file;
  const main = k.programs.main(inode.program!);
  if (!main) return ENOEXEC;
  k.sched.spend(EXEC_COST_NS);
  const oldPid = task.pid;
  if (k.tp.schedPrepareExec.active)
    k.tp.schedPrepareExec.fire(task, bprm.interp, bprm.filename, () => bprmStruct(k, bprm));
  killOtherThreads(k);
  const sharedBefore = task.vforkParent;
  releaseMm(k, task);
  const { mm, image, context } = layoutProgram(k, bprm.file, bprm.strings, bprm.interp);
  k.tasks.setMm(task, mm);
  task.image = image;
  task.userFrames = image.entryFrames.slice();
  task.clearChildTid = 0;
  setTaskComm(k, bprm.filename.slice(bprm.filename.lastIndexOf('/') + 1), true);
  k.tasks.setFlags(task, (task.flags & ~PF.FORKNOEXEC) | PF.RANDOMIZE);
  closeOnExec(k);
  resetSignals(k);
  setUserIds(k, bprm);
  securityCommittedCreds(k, bprm);
  if (sharedBefore) wakeVforkParent(k, task);
  k.drivers.forget(task, 'has been replaced by execve');
  task.nextProgram = k.programs.start(main, context);
  if (k.tp.schedProcessExec.active)
    k.tp.schedProcessExec.fire(task, oldPid, bprm.filename, () => bprmStruct(k, bprm));
  return 0;
}

/** `de_thread`: other threads of the group do not survive. */
function killOtherThreads(k: Kernel): void {
  for (const thread of k.task.signal.threads) if (thread !== k.task) k.signals.send(thread, 9);
}

function closeOnExec(k: Kernel): void {
  const { files } = k.task;
  for (const fd of [...files.closeOnExec]) {
    const file = files.remove(fd);
    if (file) closeFile(k, file, files);
  }
}

function resetSignals(k: Kernel): void {
  const { actions } = k.task.signal;
  for (const [signal, action] of actions)
    if (action.handler !== SIG_IGN && action.handler !== SIG_DFL) actions.delete(signal);
}

/** Set-uid and set-gid bits (`bprm_fill_uid`, `cap_bprm_creds_from_file`). */
function setUserIds(k: Kernel, bprm: BinPrm): void {
  const { task } = k;
  const { inode } = bprm.file;
  const { ids, caps } = task.cred;
  const euid = inode.mode & S.ISUID ? inode.uid : ids.euid;
  const egid = inode.mode & S.ISGID ? inode.gid : ids.egid;
  const root = euid === 0;
  const held = root ? caps.bounding : 0;
  const next = task.cred.with(
    { euid, egid, suid: euid, sgid: egid, fsuid: euid, fsgid: egid },
    { effective: held, permitted: held },
  );
  commitCreds(k, next);
}
