import type { Kernel } from '../kernel';
import { type Inode, instantiateInode } from './inode';
import type { SuperBlock } from './super-block';

const utf8 = new TextEncoder();

/** A name in the dentry cache; negative when `inode` is undefined. */
export class Dentry {
  readonly children = new Map<string, Dentry>();
  constructor(
    readonly offset: number,
    public name: string,
    public parent: Dentry,
    public inode: Inode | undefined,
    readonly sb: SuperBlock,
    /** Block of a name too long for `d_shortname`, 0 when it fits. */
    public longName: number,
  ) {}

  get isRoot(): boolean {
    return this.parent === this;
  }
}

export function createDentry(
  k: Kernel,
  name: string,
  parent: Dentry | undefined,
  inode: Inode | undefined,
  sb: SuperBlock,
): Dentry {
  const L = k.layout.dentry;
  const at = k.memory.alloc(L.sizeBytes);
  const dentry = new Dentry(at, name, undefined as never, inode, sb, 0);
  dentry.parent = parent ?? dentry;
  k.w.ptr(at, L.d_parent, dentry.parent.offset);
  k.w.ptr(at, L.d_sb, sb.offset);
  writeName(k, dentry);
  if (inode) k.w.ptr(at, L.d_inode, instantiateInode(k, inode));
  parent?.children.set(name, dentry);
  return dentry;
}

/** Gives a negative dentry its inode (create) or takes it away (unlink). */
export function setDentryInode(k: Kernel, dentry: Dentry, inode: Inode | undefined): void {
  dentry.inode = inode;
  k.w.ptr(dentry.offset, k.layout.dentry.d_inode, inode ? instantiateInode(k, inode) : 0);
}

/** `d_move`: a dentry gets another place and name. */
export function moveDentry(k: Kernel, dentry: Dentry, parent: Dentry, name: string): void {
  dentry.parent.children.delete(dentry.name);
  dentry.parent = parent;
  dentry.name = name;
  k.w.ptr(dentry.offset, k.layout.dentry.d_parent, parent.offset);
  writeName(k, dentry);
  parent.children.set(name, dentry);
}

/** Frees a dentry that is in no directory: the name of a pipe or socket that is gone. */
export function freeDentry(k: Kernel, dentry: Dentry): void {
  if (dentry.longName) k.memory.free(dentry.longName);
  k.memory.free(dentry.offset);
}

function writeName(k: Kernel, dentry: Dentry): void {
  const L = k.layout.dentry;
  const { offset: at, name } = dentry;
  const bytes = utf8.encode(name);
  if (dentry.longName) k.memory.free(dentry.longName);
  dentry.longName = bytes.length < L.d_shortname.bytes ? 0 : k.w.string(name);
  if (!dentry.longName) k.w.text(at, L.d_shortname, name);
  k.w.put(at, L['d_name.len'], bytes.length);
  k.w.ptr(at, L['d_name.name'], dentry.longName || at + L.d_shortname.offset);
  k.w.put(at, L['d_name.hash'], hashName(bytes));
}

function hashName(bytes: Uint8Array): number {
  let hash = 0x811c_9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x0100_0193);
  return hash >>> 0;
}
