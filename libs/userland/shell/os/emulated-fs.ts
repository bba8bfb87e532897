import { AT, S } from '@probed/abi';
import type { DrivenProcess, Sys, UserContext } from '@probed/system';
import type { ByteString, FsStat, IFileSystem } from 'just-bash';
import { FileError } from './errors';
import { isType, readDirectory, readFile, type Stat, statPath, writeFile } from './io';

const AT_FDCWD = AT.FDCWD >>> 0;
const EEXIST = -17;
const ENOENT = -2;
const EISDIR = -21;
const COPY_DEPTH_MAX = 40;
const LINKS_MAX = 40;
/** Where just-bash expects its own tools; it looks there before it starts one. */
export const TOOL_DIRECTORY = '/usr/bin';

const decoder = new TextDecoder();
const TOOL_STAT: FsStat = {
  isFile: true,
  isDirectory: false,
  isSymbolicLink: false,
  mode: 0o755,
  size: 0,
  mtime: new Date(0),
};

type DirentEntry = Awaited<ReturnType<NonNullable<IFileSystem['readdirWithFileTypes']>>>[number];

function fsStat(stat: Stat): FsStat {
  return {
    isFile: isType(stat, S.IFREG),
    isDirectory: isType(stat, S.IFDIR),
    isSymbolicLink: isType(stat, S.IFLNK),
    mode: stat.mode & 0o7777,
    size: stat.size,
    mtime: new Date(stat.mtime * 1000),
    dev: stat.dev,
    ino: stat.ino,
  };
}

/**
 * The file system that a just-bash tool sees: each operation is system calls in the task that the tool runs as.
 * Whole-file operations become open, fstat, read or write, close.
 */
export class EmulatedFs implements IFileSystem {
  /** The task that calls; undefined between two tools. */
  process: DrivenProcess | undefined;
  /** Absolute paths as the user spelled them, so that system calls show what a real tool would pass. */
  private readonly spelling = new Map<string, string>();
  private cwd = '/';
  /** Until the tool itself runs, just-bash only looks for it: no business of the emulated kernel's. */
  private looking = false;

  /** From here on, operations are those of this process. */
  enter(process: DrivenProcess, cwd: string): void {
    this.process = process;
    this.cwd = cwd;
    this.looking = true;
    this.spelling.clear();
  }

  /** The tool has been found. */
  started(): void {
    this.looking = false;
  }

  leave(): void {
    this.process = undefined;
  }

  private run<T>(path: string, body: (u: UserContext, spelled: string) => Sys<T>): Promise<T> {
    const { process } = this;
    if (!process) return Promise.reject(new Error('no process to run file operations in'));
    const spelled = this.spelling.get(path) ?? path;
    return process.run((u) => body(u, spelled));
  }

  private async call(
    operation: string,
    path: string,
    body: (u: UserContext, path: string) => Sys,
  ): Promise<number> {
    const result = await this.run(path, body);
    if (result < 0) throw new FileError(result, operation, path);
    return result;
  }

  private async bytes(path: string): Promise<Uint8Array> {
    const data = await this.run(path, readFile);
    if (typeof data === 'number') throw new FileError(data, data === EISDIR ? 'read' : 'open', path);
    return data;
  }

  async readFile(path: string): Promise<string> {
    return decoder.decode(await this.bytes(path));
  }

  async readFileBytes(path: string): Promise<ByteString> {
    return Buffer.from(await this.bytes(path)).toString('latin1') as unknown as ByteString;
  }

  readFileBuffer(path: string): Promise<Uint8Array> {
    return this.bytes(path);
  }

  async writeFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    await this.call('open', path, (u, name) => writeFile(u, name, encode(content, options)));
  }

  async appendFile(path: string, content: string | Uint8Array, options?: unknown): Promise<void> {
    await this.call('open', path, (u, name) => writeFile(u, name, encode(content, options), true));
  }

  async exists(path: string): Promise<boolean> {
    if (this.looking) return true;
    return typeof (await this.run(path, (u, name) => statPath(u, name))) !== 'number';
  }

  stat(path: string): Promise<FsStat> {
    return this.looking ? Promise.resolve(TOOL_STAT) : this.statOf(path, true);
  }

  lstat(path: string): Promise<FsStat> {
    return this.statOf(path, false);
  }

  private async statOf(path: string, follow: boolean): Promise<FsStat> {
    const stat = await this.run(path, (u, name) => statPath(u, name, follow));
    if (typeof stat === 'number') throw new FileError(stat, follow ? 'stat' : 'lstat', path);
    return fsStat(stat);
  }

  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    if (!options?.recursive) {
      await this.call('mkdir', path, (u, name) => u.mkdir(name, 0o777));
      return;
    }
    const parts = path.split('/').filter(Boolean);
    for (let i = 1; i <= parts.length; i++) {
      const part = `/${parts.slice(0, i).join('/')}`;
      const error = await this.run(part, (u, name) => u.mkdir(name, 0o777));
      if (error < 0 && error !== EEXIST) throw new FileError(error, 'mkdir', path);
    }
  }

  async readdir(path: string): Promise<string[]> {
    return (await this.entries(path)).map(({ name }) => name);
  }

  async readdirWithFileTypes(path: string): Promise<DirentEntry[]> {
    return (await this.entries(path)).map(({ name, type }) => ({
      name,
      isFile: type === 8,
      isDirectory: type === 4,
      isSymbolicLink: type === 10,
    }));
  }

  private async entries(path: string) {
    const entries = await this.run(path, readDirectory);
    if (typeof entries === 'number') throw new FileError(entries, 'scandir', path);
    return entries;
  }

  async rm(path: string, options: { recursive?: boolean; force?: boolean } = {}): Promise<void> {
    const stat = await this.run(path, (u, name) => statPath(u, name, false));
    if (typeof stat === 'number') {
      if (options.force && stat === ENOENT) return;
      throw new FileError(stat, 'rm', path);
    }
    if (!isType(stat, S.IFDIR)) {
      await this.call('unlink', path, (u, name) => u.unlinkat(name));
      return;
    }
    if (options.recursive)
      for (const { name } of await this.entries(path))
        await this.rm(`${path.replace(/\/$/, '')}/${name}`, options);
    await this.call('rmdir', path, (u, name) => u.unlinkat(name, AT.REMOVEDIR));
  }

  async cp(source: string, target: string, options: { recursive?: boolean } = {}, depth = 0): Promise<void> {
    const stat = await this.statOf(source, !options.recursive);
    if (stat.isSymbolicLink) await this.symlink(await this.readlink(source), target);
    else if (!stat.isDirectory) {
      const data = await this.bytes(source);
      const existed = await this.exists(target);
      await this.writeFile(target, data);
      if (!existed) await this.chmod(target, stat.mode);
    } else {
      if (!options.recursive) throw new FileError(EISDIR, 'cp', source);
      if (depth > COPY_DEPTH_MAX) throw new FileError(-40, 'cp', source);
      await this.mkdir(target, { recursive: true });
      for (const { name } of await this.entries(source))
        await this.cp(`${source}/${name}`, `${target}/${name}`, options, depth + 1);
    }
  }

  async mv(source: string, target: string): Promise<void> {
    const to = this.spelling.get(target) ?? target;
    await this.call('rename', source, (u, from) => u.rename(from, to));
  }

  resolvePath(base: string, path: string): string {
    const parts: string[] = [];
    for (const part of (path.startsWith('/') ? path : `${base}/${path}`).split('/')) {
      if (part === '' || part === '.') continue;
      if (part === '..') parts.pop();
      else parts.push(part);
    }
    const resolved = `/${parts.join('/')}`;
    if (base === this.cwd && path !== '') this.spelling.set(resolved, path);
    return resolved;
  }

  getAllPaths(): string[] {
    return [];
  }

  async chmod(path: string, mode: number): Promise<void> {
    await this.call('chmod', path, (u, name) => u.chmod(name, mode & 0o7777));
  }

  async symlink(target: string, linkPath: string): Promise<void> {
    await this.call('symlink', linkPath, (u, name) => u.syscall('symlink', u.str(target), u.str(name)));
  }

  /** The emulated kernel has no link(2): a hard link is refused with what it says. */
  async link(existing: string, linkPath: string): Promise<void> {
    await this.call('link', linkPath, (u, name) => u.syscall('link', u.str(existing), u.str(name)));
  }

  async readlink(path: string): Promise<string> {
    return this.run(path, function* (u, name) {
      const length = yield* u.readlink(name);
      return length < 0 ? length : u.text(u.buffer, length);
    }).then((result) => {
      if (typeof result === 'number') throw new FileError(result, 'readlink', path);
      return result;
    });
  }

  /** As realpath(3) does it: a readlink for each component. The working directory is known already. */
  async realpath(path: string): Promise<string> {
    if (path === this.cwd) return path;
    let done = '';
    let left = path.split('/').filter(Boolean);
    for (let links = 0; left.length > 0; ) {
      const [part, ...rest] = left;
      const here = `${done}/${part}`;
      const stat = await this.statOf(here, false);
      if (!stat.isSymbolicLink) {
        done = here;
        left = rest;
        continue;
      }
      if (++links > LINKS_MAX) throw new FileError(-40, 'realpath', path);
      const target = await this.readlink(here);
      if (target.startsWith('/')) done = '';
      left = [...target.split('/').filter((name) => name !== '' && name !== '.'), ...rest];
      while (left[0] === '..') {
        done = done.slice(0, Math.max(0, done.lastIndexOf('/')));
        left = left.slice(1);
      }
    }
    return done || '/';
  }

  async utimes(path: string, _atime: Date, mtime: Date): Promise<void> {
    await this.call('utime', path, (u, name) => {
      const bytes = new Uint8Array(32);
      const view = new DataView(bytes.buffer);
      const seconds = BigInt(Math.floor(mtime.getTime() / 1000));
      view.setBigInt64(0, seconds, true);
      view.setBigInt64(16, seconds, true);
      const times = u.bytes(bytes);
      return u.syscall('utimensat', AT_FDCWD, u.str(name), times, 0);
    });
  }
}

function encode(content: string | Uint8Array, options: unknown): string | Uint8Array {
  if (typeof content !== 'string') return content;
  const encoding =
    typeof options === 'string' ? options : (options as { encoding?: string } | undefined)?.encoding;
  return encoding === 'binary' || encoding === 'latin1'
    ? Uint8Array.from(Buffer.from(content, 'latin1'))
    : content;
}
