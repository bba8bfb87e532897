import type { Kernel } from '../kernel';
import { securityHook } from '../trace/security';
import { traced } from '../trace/traced';

/** All capabilities of 6.18: bits 0 (CHOWN) to 40 (CHECKPOINT_RESTORE). */
export const CAP_FULL = 2 ** 41 - 1;
/** What a container runtime grants by default. */
export const CAP_CONTAINER = 0xa80425fb;

export interface Ids {
  readonly uid: number;
  readonly gid: number;
  readonly euid: number;
  readonly egid: number;
  readonly suid: number;
  readonly sgid: number;
  readonly fsuid: number;
  readonly fsgid: number;
}

/** Capability sets as 41-bit numbers. */
export interface Caps {
  readonly effective: number;
  readonly permitted: number;
  readonly inheritable: number;
  readonly bounding: number;
  readonly ambient: number;
}

/** Credentials: immutable once committed, shared by reference as in the kernel. */
export class Cred {
  offset = 0;
  users = 0;
  constructor(
    readonly ids: Ids,
    readonly caps: Caps,
    readonly securebits = 0,
  ) {}

  has(capability: number): boolean {
    return Math.floor(this.caps.effective / 2 ** capability) % 2 === 1;
  }

  with(ids: Partial<Ids>, caps: Partial<Caps> = {}): Cred {
    return new Cred({ ...this.ids, ...ids }, { ...this.caps, ...caps }, this.securebits);
  }
}

function idsOf(uid: number, gid: number): Ids {
  return { uid, gid, euid: uid, egid: gid, suid: uid, sgid: gid, fsuid: uid, fsgid: gid };
}

/** Credentials of a freshly started process: root has the given capabilities, others have none but the bounding set. */
export function credFor(uid: number, gid: number, bounding = CAP_FULL): Cred {
  const held = uid === 0 ? bounding : 0;
  return new Cred(idsOf(uid, gid), {
    effective: held,
    permitted: held,
    inheritable: 0,
    bounding,
    ambient: 0,
  });
}

/** Takes a reference, writing the cred to linear memory with the first one. */
export function getCred(k: Kernel, cred: Cred): Cred {
  if (cred.users++ === 0) writeCred(k, cred);
  return cred;
}

export function putCred(k: Kernel, cred: Cred): void {
  if (--cred.users > 0) return;
  k.memory.free(cred.offset);
  cred.offset = 0;
}

function writeCred(k: Kernel, cred: Cred): void {
  const L = k.layout.cred;
  const at = (cred.offset = k.memory.alloc(L.sizeBytes));
  const { ids, caps } = cred;
  for (const key of Object.keys(ids) as (keyof Ids)[]) k.w.put(at, L[key], ids[key]);
  k.w.put(at, L.usage, 1);
  k.w.put(at, L.securebits, cred.securebits);
  k.w.put(at, L.cap_effective, caps.effective);
  k.w.put(at, L.cap_permitted, caps.permitted);
  k.w.put(at, L.cap_inheritable, caps.inheritable);
  k.w.put(at, L.cap_bset, caps.bounding);
  k.w.put(at, L.cap_ambient, caps.ambient);
  k.w.ptr(at, L.user_ns, k.ns.initUser.offset);
}

/** `kernel/cred.c: commit_creds`: installs new credentials on the current task. */
export const commitCreds = traced<[Cred]>(
  'commit_creds',
  (k, cred) => {
    // The kprobe reads the new cred, so it must exist in memory before the call.
    if (cred.users === 0) getCred(k, cred);
    return [k.ptr(cred.offset)];
  },
  (k, cred) => {
    k.tasks.setCred(k.task, cred);
    return 0;
  },
);

const EPERM = -1;

/** `security/commoncap.c: cap_capable` */
const capCapable = traced<[Cred, number, number]>(
  'cap_capable',
  (k, cred, capability, opts) => [k.ptr(cred.offset), k.ptr(k.ns.initUser.offset), capability, opts],
  (_k, cred, capability) => (cred.has(capability) ? 0 : EPERM),
);

const securityCapable = securityHook<[Cred, number, number]>(
  'capable',
  (k, cred, capability, opts) => [k.ptr(cred.offset), k.ptr(k.ns.initUser.offset), capability, opts],
  { before: capCapable },
);

/** `ns_capable`: asks whether the current task holds a capability; every question is visible to `capable` tools. */
export function capable(k: Kernel, capability: number): boolean {
  return securityCapable(k, k.task.cred, capability, 0) === 0;
}

/** Capability numbers used by the syscalls (`include/uapi/linux/capability.h`). */
export const CAP = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  DAC_READ_SEARCH: 2,
  FOWNER: 3,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  SYS_ADMIN: 21,
  SYS_NICE: 23,
  SYS_RESOURCE: 24,
} as const;
