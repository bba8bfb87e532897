import type { Kernel } from '../kernel';
import { CAP, type Cred, capable, commitCreds, type Ids } from '../task/cred';
import type { Task } from '../task/task';
import { securityHook } from '../trace/security';
import type { HandlerTable } from './table';
import { EFAULT } from './util';

const EPERM = -1;
const SETID_NS = 900;

const securityFixSetuid = securityHook<[Cred, Cred, number]>('task_fix_setuid', (k, next, old, flags) => [
  k.ptr(next.offset),
  k.ptr(old.offset),
  flags,
]);

/** New ids for the current task; leaving uid 0 drops the capabilities (`cap_emulate_setxuid`). */
function install(k: Kernel, task: Task, ids: Partial<Ids>): number {
  const before = task.cred;
  const next = before.with(ids);
  const wasRoot = [before.ids.uid, before.ids.euid, before.ids.suid].includes(0);
  const isRoot = [next.ids.uid, next.ids.euid, next.ids.suid].includes(0);
  const stripped = wasRoot && !isRoot ? next.with({}, { permitted: 0, effective: 0, ambient: 0 }) : next;
  const denied = securityFixSetuid(k, stripped, before, 1);
  if (denied < 0) return denied;
  return commitCreds(k, stripped);
}

/** -1 leaves an id as it is. */
function pick(value: number, old: number): number {
  return (value | 0) === -1 ? old : value >>> 0;
}

function allowed(value: number, ...mine: readonly number[]): boolean {
  return (value | 0) === -1 || mine.includes(value >>> 0);
}

function setresuid(k: Kernel, task: Task, r: number, e: number, s: number): number {
  const { uid, euid, suid } = task.cred.ids;
  const mine = [uid, euid, suid];
  if (![r, e, s].every((id) => allowed(id, ...mine)) && !capable(k, CAP.SETUID)) return EPERM;
  const next = pick(e, euid);
  return install(k, task, { uid: pick(r, uid), euid: next, suid: pick(s, suid), fsuid: next });
}

function setresgid(k: Kernel, task: Task, r: number, e: number, s: number): number {
  const { gid, egid, sgid } = task.cred.ids;
  const mine = [gid, egid, sgid];
  if (![r, e, s].every((id) => allowed(id, ...mine)) && !capable(k, CAP.SETGID)) return EPERM;
  const next = pick(e, egid);
  return install(k, task, { gid: pick(r, gid), egid: next, sgid: pick(s, sgid), fsgid: next });
}

function setuid(k: Kernel, task: Task, uid: number): number {
  const { ids } = task.cred;
  if (capable(k, CAP.SETUID)) return install(k, task, { uid, euid: uid, suid: uid, fsuid: uid });
  return allowed(uid, ids.uid, ids.suid) ? install(k, task, { euid: uid, fsuid: uid }) : EPERM;
}

function setgid(k: Kernel, task: Task, gid: number): number {
  const { ids } = task.cred;
  if (capable(k, CAP.SETGID)) return install(k, task, { gid, egid: gid, sgid: gid, fsgid: gid });
  return allowed(gid, ids.gid, ids.sgid) ? install(k, task, { egid: gid, fsgid: gid }) : EPERM;
}

function write3(k: Kernel, task: Task, at: readonly number[], values: readonly number[]): number {
  return at.every((address, i) => k.user.write32(task.mm!, address, values[i])) ? 0 : EFAULT;
}

/** capget: header names version 3, data is two words of each set. */
function capget(k: Kernel, task: Task, data: number): number {
  if (!data) return 0;
  const { effective, permitted, inheritable } = task.cred.caps;
  const out = new Uint32Array(6);
  [effective, permitted, inheritable].forEach((set, i) => {
    out[i] = set >>> 0;
    out[3 + i] = Math.floor(set / 2 ** 32);
  });
  return k.user.write(task.mm!, data, new Uint8Array(out.buffer)) ? 0 : EFAULT;
}

function capset(k: Kernel, task: Task, data: number): number {
  const bytes = k.user.read(task.mm!, data, 24);
  if (!bytes) return EFAULT;
  const words = new Uint32Array(bytes.slice().buffer);
  const set = (i: number) => words[i] + (words[3 + i] % 512) * 2 ** 32;
  const wanted = { effective: set(0), permitted: set(1), inheritable: set(2) };
  if (wanted.permitted > task.cred.caps.permitted) return EPERM;
  return commitCreds(k, task.cred.with({}, wanted));
}

/** Identities and capabilities (`kernel/sys.c`, `kernel/capability.c`). */
export const CREDENTIALS: HandlerTable = {
  getuid: [20, (_k, task) => task.cred.ids.uid],
  geteuid: [20, (_k, task) => task.cred.ids.euid],
  getgid: [20, (_k, task) => task.cred.ids.gid],
  getegid: [20, (_k, task) => task.cred.ids.egid],
  getresuid: [
    40,
    (k, task, r, e, s) =>
      write3(k, task, [r, e, s], [task.cred.ids.uid, task.cred.ids.euid, task.cred.ids.suid]),
  ],
  getresgid: [
    40,
    (k, task, r, e, s) =>
      write3(k, task, [r, e, s], [task.cred.ids.gid, task.cred.ids.egid, task.cred.ids.sgid]),
  ],
  setuid: [SETID_NS, (k, task, uid) => setuid(k, task, uid)],
  setgid: [SETID_NS, (k, task, gid) => setgid(k, task, gid)],
  setreuid: [SETID_NS, (k, task, r, e) => setresuid(k, task, r, e, -1)],
  setregid: [SETID_NS, (k, task, r, e) => setresgid(k, task, r, e, -1)],
  setresuid: [SETID_NS, (k, task, r, e, s) => setresuid(k, task, r, e, s)],
  setresgid: [SETID_NS, (k, task, r, e, s) => setresgid(k, task, r, e, s)],
  setfsuid: [SETID_NS, (_k, task) => task.cred.ids.fsuid],
  setfsgid: [SETID_NS, (_k, task) => task.cred.ids.fsgid],
  getgroups: [30, () => 0],
  setgroups: [SETID_NS, (k) => (capable(k, CAP.SETGID) ? 0 : EPERM)],
  capget: [80, (k, task, _header, data) => capget(k, task, data)],
  capset: [SETID_NS, (k, task, _header, data) => capset(k, task, data)],
};
