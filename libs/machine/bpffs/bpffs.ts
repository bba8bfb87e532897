import { ERRNO } from '@probed/abi';
import { ok, type Result } from '@probed/base';
import type { BpfMap } from '@probed/maps';
import type { LoadedProgram } from '@probed/runtime';
import type { Link } from '../collection';
import { bpffsFault, bpffsPath, parseBpffsPath } from './bpffs-path';

/** What a file of bpffs can be. */
export type PinKind = 'prog' | 'map' | 'link';

/** A program, map or link as `BPF_OBJ_PIN` takes it and `BPF_OBJ_GET` gives it. */
export type PinnedObject =
  | { readonly kind: 'prog'; readonly program: LoadedProgram }
  | { readonly kind: 'map'; readonly map: BpfMap }
  | { readonly kind: 'link'; readonly link: Link };

/** A line of a listing. */
export type BpffsEntry =
  | { readonly path: string; readonly kind: 'dir' }
  | { readonly path: string; readonly kind: PinKind; readonly object: PinnedObject };

interface Directory {
  readonly kind: 'dir';
  readonly entries: Map<string, Node>;
}
interface File {
  readonly kind: 'file';
  readonly object: PinnedObject;
}
type Node = Directory | File;

/** Names that one bpffs holds at most. */
const ENTRIES_MAX = 65_536;

/**
 * The BPF file system of one node (kernel/bpf/inode.c), mounted at `/sys/fs/bpf`: a path that is pinned keeps its
 * program, map or link in the kernel after the collection that it came with is unloaded. Refusals are those of Linux,
 * by errno.
 */
export class Bpffs {
  private readonly root: Directory = directory();
  private count = 0;

  /** @param unpinned called when a name has been taken away, and with it perhaps the last reference to something */
  constructor(private readonly unpinned: () => void) {}

  /** `BPF_OBJ_PIN`. Errors: EEXIST, ENOENT or ENOTDIR for the parent, EPERM outside bpffs and for names with a dot. */
  pin(path: string, object: PinnedObject): Result<null> {
    return this.add(path, { kind: 'file', object });
  }

  /** mkdir(2). */
  mkdir(path: string): Result<null> {
    return this.add(path, directory());
  }

  /** `BPF_OBJ_GET`. Errors: ENOENT; EACCES for a directory. */
  get(path: string): Result<PinnedObject> {
    const found = this.find(path);
    if (!found.ok) return found;
    const { node } = found.value;
    if (node.kind === 'dir') return bpffsFault(ERRNO.EACCES, `${path} is a directory`);
    return ok(node.object);
  }

  /** unlink(2): takes a pin away. Errors: ENOENT; EISDIR. */
  unlink(path: string): Result<null> {
    return this.removeIf(path, 'pin');
  }

  /** rmdir(2). Errors: ENOENT; ENOTDIR; ENOTEMPTY; EBUSY for the mount point. */
  rmdir(path: string): Result<null> {
    return this.removeIf(path, 'dir');
  }

  /** As {@link unlink} or {@link rmdir}, whichever fits. */
  remove(path: string): Result<null> {
    const found = this.find(path);
    return found.ok ? this.removeIf(path, found.value.node.kind === 'dir' ? 'dir' : 'pin') : found;
  }

  /** Whether {@link unlink} or {@link rmdir} would do. @returns the path as {@link list} has it */
  removable(path: string, kind: 'pin' | 'dir'): Result<string> {
    const found = this.find(path);
    if (!found.ok) return found;
    const fault = removalFault(found.value, kind);
    return fault === 0 ? ok(bpffsPath(found.value.names)) : bpffsFault(fault, path, REMOVAL_HINTS.get(fault));
  }

  /** A path that exists, without `.`, `..` and doubled slashes. Errors: ENOENT. */
  resolve(path: string): Result<string> {
    const found = this.find(path);
    return found.ok ? ok(bpffsPath(found.value.names)) : found;
  }

  /** What a path is, and the names in it, sorted, when it is a directory. Errors: ENOENT. */
  list(path: string): Result<readonly BpffsEntry[]> {
    const found = this.find(path);
    if (!found.ok) return found;
    const { node, names } = found.value;
    if (node.kind === 'file') return ok([entryOf(names, node)]);
    return ok(sorted(node).map(([name, child]) => entryOf([...names, name], child)));
  }

  /** All below a path, directories before what is in them, sorted. Errors: ENOENT. */
  tree(path: string): Result<readonly BpffsEntry[]> {
    const found = this.find(path);
    if (!found.ok) return found;
    return ok([...walk(found.value.names, found.value.node)]);
  }

  /** Every pin. */
  *pins(): Generator<{ readonly path: string; readonly object: PinnedObject }> {
    for (const entry of walk([], this.root)) if (entry.kind !== 'dir') yield entry;
  }

  private add(path: string, node: Node): Result<null> {
    const names = parseBpffsPath(path);
    if (!names.ok) return names;
    if (names.value.length === 0) return bpffsFault(ERRNO.EEXIST, path);
    const parent = this.directoryOf(path, names.value.slice(0, -1));
    if (!parent.ok) return parent;
    const name = names.value.at(-1)!;
    if (parent.value.entries.has(name)) return bpffsFault(ERRNO.EEXIST, path);
    // open(2): a name that ends in a slash can only be that of a directory.
    if (node.kind === 'file' && path.endsWith('/')) return bpffsFault(ERRNO.ENOENT, path);
    if (this.count >= ENTRIES_MAX) return bpffsFault(ERRNO.ENOSPC, path);
    parent.value.entries.set(name, node);
    this.count++;
    return ok(null);
  }

  private removeIf(path: string, kind: 'pin' | 'dir'): Result<null> {
    const removable = this.removable(path, kind);
    const found = removable.ok ? this.find(path) : removable;
    if (!found.ok) return found;
    const { parent, names } = found.value;
    parent!.entries.delete(names.at(-1)!);
    this.count--;
    this.unpinned();
    return ok(null);
  }

  private directoryOf(path: string, names: readonly string[]): Result<Directory> {
    let at: Node = this.root;
    for (const [depth, name] of names.entries()) {
      const next: Node | undefined = at.entries.get(name);
      const place = bpffsPath(names.slice(0, depth + 1));
      if (!next) return bpffsFault(ERRNO.ENOENT, path, `there is no ${place}; make it: mkdir ${place}`);
      if (next.kind !== 'dir') return bpffsFault(ERRNO.ENOTDIR, path, `${place} is no directory`);
      at = next;
    }
    return ok(at);
  }

  private find(path: string): Result<Found> {
    const names = parseBpffsPath(path);
    if (!names.ok) return names;
    if (names.value.length === 0) return ok({ node: this.root, parent: undefined, names: [] });
    const parent = this.directoryOf(path, names.value.slice(0, -1));
    if (!parent.ok) return parent.error.errno === ERRNO.ENOENT ? bpffsFault(ERRNO.ENOENT, path) : parent;
    const node = parent.value.entries.get(names.value.at(-1)!);
    if (!node) return bpffsFault(ERRNO.ENOENT, path);
    if (node.kind === 'file' && path.endsWith('/')) return bpffsFault(ERRNO.ENOTDIR, path);
    return ok({ node, parent: parent.value, names: names.value });
  }
}

interface Found {
  readonly node: Node;
  /** Undefined for the mount point. */
  readonly parent: Directory | undefined;
  readonly names: readonly string[];
}

const REMOVAL_HINTS: ReadonlyMap<number, string> = new Map([
  [ERRNO.EISDIR, 'it is a directory: remove it with rmdir'],
  [ERRNO.ENOTDIR, 'it is a pin: remove it with unlink'],
]);

/** Errno of unlink(2) or rmdir(2), 0 when they would do. */
function removalFault({ node, parent }: Found, kind: 'pin' | 'dir'): number {
  if (kind === 'pin') return node.kind === 'dir' ? ERRNO.EISDIR : 0;
  if (node.kind !== 'dir') return ERRNO.ENOTDIR;
  if (!parent) return ERRNO.EBUSY;
  return node.entries.size > 0 ? ERRNO.ENOTEMPTY : 0;
}

function directory(): Directory {
  return { kind: 'dir', entries: new Map() };
}

function sorted({ entries }: Directory): [string, Node][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

function entryOf(names: readonly string[], node: Node): BpffsEntry {
  const path = bpffsPath(names);
  return node.kind === 'dir' ? { path, kind: 'dir' } : { path, kind: node.object.kind, object: node.object };
}

function* walk(names: readonly string[], node: Node): Generator<BpffsEntry> {
  if (names.length > 0 || node.kind === 'file') yield entryOf(names, node);
  if (node.kind === 'file') return;
  for (const [name, child] of sorted(node)) yield* walk([...names, name], child);
}
