import { S } from '@probed/abi';
import type { FileOps } from './file';
import { Inode } from './inode';
import { regularOps } from './regular';
import type { SuperBlock } from './super-block';

/** One entry of a file tree as data; a plain string is a regular file's text. */
export type TreeEntry =
  | string
  | {
      readonly text?: string;
      /** Content made at each open. */
      readonly generate?: Inode['generate'];
      /** Bytes; content beyond `text` is zero. */
      readonly size?: number;
      readonly mode?: number;
      /** Not in the page cache yet: reading it goes to the disk. */
      readonly cold?: true;
      readonly uid?: number;
      readonly gid?: number;
      readonly link?: string;
      readonly program?: string;
      readonly dir?: true;
      /** Character device: major, minor, what it does. */
      readonly device?: readonly [number, number, FileOps];
    };

/** Path → entry; parents are made as needed with mode 0755. */
export type FileTree = Readonly<Record<string, TreeEntry>>;

const ELF_HEADER = '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0';

const NO_OPS: FileOps = { sleeps: false };

/** Makes inodes for a tree below `root`, which must be a directory. Times are those of image building. */
export function plantTree(root: Inode, tree: FileTree, mtimeSec: number): void {
  for (const [path, entry] of Object.entries(tree)) {
    const names = path.split('/').filter(Boolean);
    const leaf = names.pop();
    if (leaf === undefined) continue;
    let dir = root;
    for (const name of names) dir = childDir(dir, name, mtimeSec);
    dir.entries!.set(leaf, makeInode(root.sb, entry, mtimeSec));
  }
}

function childDir(dir: Inode, name: string, mtimeSec: number): Inode {
  let child = dir.entries!.get(name);
  if (!child) {
    child = makeInode(dir.sb, { dir: true }, mtimeSec);
    dir.entries!.set(name, child);
  }
  return child;
}

export function makeInode(sb: SuperBlock, entry: TreeEntry, mtimeSec: number): Inode {
  const spec = typeof entry === 'string' ? { text: entry } : entry;
  const inode = new Inode(sb, sb.allocIno(), modeOf(spec), opsOf(spec));
  inode.uid = spec.uid ?? 0;
  inode.gid = spec.gid ?? 0;
  inode.mtimeSec = mtimeSec;
  if (spec.dir) {
    inode.nlink = 2;
    inode.size = 4096;
  } else if (spec.link !== undefined) {
    inode.link = spec.link;
    inode.size = spec.link.length;
  } else if (spec.device) {
    inode.rdev = (spec.device[0] << 20) | spec.device[1];
  } else {
    inode.setText(spec.text ?? (spec.program || spec.size ? ELF_HEADER : ''));
    if (spec.size && spec.size > inode.size) inode.size = spec.size;
    inode.generate = spec.generate;
    inode.program = spec.program;
    if (spec.cold) inode.cache = new Set();
    if (spec.generate) inode.size = 0;
  }
  return inode;
}

type Spec = Exclude<TreeEntry, string>;

function modeOf(spec: Spec): number {
  if (spec.dir) return S.IFDIR | (spec.mode ?? 0o755);
  if (spec.link !== undefined) return S.IFLNK | 0o777;
  if (spec.device) return S.IFCHR | (spec.mode ?? 0o666);
  return S.IFREG | (spec.mode ?? (spec.program ? 0o755 : spec.generate ? 0o444 : 0o644));
}

function opsOf(spec: Spec): FileOps {
  if (spec.dir || spec.link !== undefined) return NO_OPS;
  return spec.device ? spec.device[2] : regularOps;
}
