import type { Launch } from '@probed/system';

/** Root of a container's file tree. */
export type Root = NonNullable<Launch['root']>;

type Inode = NonNullable<Root['dentry']['inode']>;

const X_ALL = 0o111;
/** Symbolic links followed in one path (`MAXSYMLINKS`). */
const LINKS_MAX = 40;

/** What a container runtime found when it looked for a command: a path, or why the command can't be started. */
export type Lookup =
  | { readonly path: string }
  /** In the words of Go's `exec.LookPath`, which runc prints, with the exit code that engines give for it. */
  | { readonly failure: string; readonly exitCode: 126 | 127 };

/** Finds the file to execute as runc does: a name with a slash as it is, else along `PATH`. */
export function findExecutable(root: Root, name: string, env: readonly string[]): Lookup {
  if (name.includes('/')) return checkPath(root, name);
  const path = env.find((entry) => entry.startsWith('PATH='))?.slice('PATH='.length) ?? '';
  for (const folder of path.split(':')) {
    const candidate = `${folder}/${name}`;
    const inode = fileAt(root, candidate);
    if (inode && !inode.isDir && inode.mode & X_ALL) return { path: candidate };
  }
  return { failure: `exec: "${name}": executable file not found in $PATH`, exitCode: 127 };
}

function checkPath(root: Root, path: string): Lookup {
  const inode = fileAt(root, path);
  if (!inode) return { failure: `exec: "${path}": stat ${path}: no such file or directory`, exitCode: 127 };
  if (inode.isDir) return { failure: `exec: "${path}": is a directory`, exitCode: 126 };
  if (!(inode.mode & X_ALL)) return { failure: `exec: "${path}": permission denied`, exitCode: 126 };
  return { path };
}

/** Walks the inodes of the container's own file system, without a task: no permission is asked, no hook fires. */
function fileAt(root: Root, path: string): Inode | undefined {
  let links = 0;
  const walk = (from: readonly Inode[], names: readonly string[]): readonly Inode[] | undefined => {
    let chain = from;
    for (const name of names) {
      if (name === '' || name === '.') continue;
      if (name === '..') {
        chain = chain.length > 1 ? chain.slice(0, -1) : chain;
        continue;
      }
      const child = chain[chain.length - 1].entries?.get(name);
      if (!child) return undefined;
      if (!child.isLink) {
        chain = [...chain, child];
        continue;
      }
      if (++links > LINKS_MAX) return undefined;
      const target = walk(child.link.startsWith('/') ? chain.slice(0, 1) : chain, child.link.split('/'));
      if (!target) return undefined;
      chain = target;
    }
    return chain;
  };
  const top = root.dentry.inode;
  return top && walk([top], path.split('/'))?.at(-1);
}
