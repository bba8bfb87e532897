import { AT, O } from '@probed/abi';
import type { Sys } from '../sched/task-program';
import { AT_FDCWD, type UserContext } from '../user/context';
import type { Program } from '../user/programs';
import { tool } from './tool';

const CHUNK = 131_072;
const ENOENT = -2;

const MESSAGES: Readonly<Record<number, string>> = {
  [-1]: 'Operation not permitted',
  [ENOENT]: 'No such file or directory',
  [-13]: 'Permission denied',
  [-17]: 'File exists',
  [-20]: 'Not a directory',
  [-21]: 'Is a directory',
  [-39]: 'Directory not empty',
};

/** What perror(3) would print. */
function* complain(u: UserContext, subject: string, errno: number): Sys {
  const name = u.argv[0].slice(u.argv[0].lastIndexOf('/') + 1);
  yield* u.write(2, `${name}: ${subject}: ${MESSAGES[errno] ?? `Error ${-errno}`}\n`);
  return 1;
}

/** setlocale(3): the first thing that coreutils do. */
function* locale(u: UserContext): Sys<void> {
  const fd = yield* u.open('/usr/lib/locale/locale-archive', O.RDONLY | O.CLOEXEC);
  if (fd >= 0) yield* u.close(fd);
  const ctype = yield* u.open('/usr/lib/locale/C.utf8/LC_CTYPE', O.RDONLY | O.CLOEXEC);
  if (ctype < 0) return;
  yield* u.fstat(ctype);
  yield* u.mmap(353_616, 1, 2, ctype);
  yield* u.close(ctype);
}

function operands(u: UserContext): string[] {
  return u.argv.slice(1).filter((arg) => !arg.startsWith('-'));
}

/** Exit code of doing something to each operand: the worst of all. */
function* eachOperand(u: UserContext, run: (path: string) => Sys): Sys {
  let code = 0;
  for (const path of operands(u)) {
    const error = yield* run(path);
    if (error < 0) code = yield* complain(u, path, error);
  }
  return code;
}

function* copyOut(u: UserContext, fd: number): Sys {
  for (;;) {
    const bytes = yield* u.read(fd, CHUNK);
    if (bytes <= 0) return bytes;
    const written = yield* u.write(1, bytes);
    if (written < 0) return written;
  }
}

function* catFile(u: UserContext, path: string): Sys {
  const fd = yield* u.open(path);
  if (fd < 0) return fd;
  yield* u.fstat(fd);
  yield* u.syscall('fadvise64', fd, 0, 0, 2);
  const result = yield* copyOut(u, fd);
  yield* u.close(fd);
  return result;
}

function* cat(u: UserContext): Sys {
  yield* locale(u);
  yield* u.fstat(1);
  const code =
    operands(u).length === 0 ? yield* copyOut(u, 0) : yield* eachOperand(u, (path) => catFile(u, path));
  yield* u.close(1);
  yield* u.close(2);
  return code < 0 ? 1 : code;
}

/** Names in a directory, read as readdir(3) does. */
function* readDirectory(u: UserContext, path: string): Sys<readonly string[] | number> {
  const fd = yield* u.open(path, O.RDONLY | O.NONBLOCK | O.CLOEXEC | O.DIRECTORY);
  if (fd < 0) return fd;
  yield* u.fstat(fd);
  const names: string[] = [];
  for (;;) {
    const bytes = yield* u.getdents(fd);
    if (bytes <= 0) break;
    const data = u.peek(u.buffer, bytes);
    const view = new DataView(data.buffer);
    for (let at = 0; at < bytes; at += view.getUint16(at + 16, true)) {
      const end = data.indexOf(0, at + 19);
      names.push(new TextDecoder().decode(data.subarray(at + 19, end)));
    }
  }
  yield* u.close(fd);
  return names.filter((name) => name !== '.' && name !== '..').sort();
}

function* ls(u: UserContext): Sys {
  yield* locale(u);
  yield* u.ioctl(1, 0x5401);
  yield* u.ioctl(1, 0x5413);
  const long = u.argv.some((arg) => /^-\w*l/.test(arg));
  let code = 0;
  for (const path of operands(u).length ? operands(u) : ['.']) {
    yield* u.statx(path);
    const names = yield* readDirectory(u, path);
    if (typeof names === 'number') {
      code = yield* complain(u, `cannot access '${path}'`, names);
      continue;
    }
    if (long) for (const name of names) yield* u.statx(`${path}/${name}`);
    yield* u.cpu(20_000 + names.length * 900, ['quotearg_buffer']);
    yield* u.fstat(1);
    yield* u.write(1, `${names.join('\n')}\n`);
  }
  yield* u.close(1);
  yield* u.close(2);
  return code ? 2 : 0;
}

function* find(u: UserContext): Sys {
  const pending = [operands(u)[0] ?? '.'];
  for (let visited = 0; pending.length > 0 && visited < 200; visited++) {
    const path = pending.shift()!;
    const names = yield* readDirectory(u, path);
    if (typeof names === 'number') continue;
    for (const name of names) {
      const child = path === '/' ? `/${name}` : `${path}/${name}`;
      if ((yield* u.stat(child, AT.SYMLINK_NOFOLLOW)) < 0) continue;
      const mode = new DataView(u.peek(u.lastRoom + 24, 4).buffer).getUint32(0, true);
      if ((mode & 0o170000) === 0o040000 && child !== '/proc' && child !== '/sys') pending.push(child);
    }
    yield* u.write(1, `${names.map((name) => `${path}/${name}`).join('\n')}\n`);
  }
  return 0;
}

function* grep(u: UserContext): Sys {
  yield* locale(u);
  const [pattern = '', ...paths] = operands(u);
  let found = false;
  for (const path of paths) {
    const fd = yield* u.open(path, O.RDONLY | O.NOCTTY | O.CLOEXEC);
    if (fd < 0) {
      yield* complain(u, path, fd);
      continue;
    }
    yield* u.fstat(fd);
    for (let bytes = yield* u.read(fd, 98_304); bytes > 0; bytes = yield* u.read(fd, 98_304)) {
      const lines = u.text(u.buffer, Math.min(bytes, 16_384)).split('\n');
      yield* u.call('libpcre2', 'pcre2_match_8', [u.buffer, bytes], function* () {
        yield* u.cpu(bytes * 0.6);
        return 0;
      });
      const hits = lines.filter((line) => pattern && line.includes(pattern));
      found ||= hits.length > 0;
      if (hits.length > 0) yield* u.write(1, `${hits.join('\n')}\n`);
    }
    yield* u.close(fd);
  }
  return found ? 0 : 1;
}

function* copyFile(u: UserContext, from: string, to: string): Sys {
  yield* u.stat(to);
  const source = yield* u.open(from);
  if (source < 0) return source;
  yield* u.fstat(source);
  const target = yield* u.open(to, O.WRONLY | O.CREAT | O.TRUNC, 0o644);
  if (target < 0) return target;
  yield* u.fstat(target);
  for (let bytes = yield* u.read(source, CHUNK); bytes > 0; bytes = yield* u.read(source, CHUNK))
    yield* u.write(target, bytes);
  yield* u.close(target);
  return yield* u.close(source);
}

function* twoOperands(u: UserContext, run: (from: string, to: string) => Sys): Sys {
  const [from, to] = operands(u);
  if (from === undefined || to === undefined) return 1;
  const error = yield* run(from, to);
  return error < 0 ? yield* complain(u, from, error) : 0;
}

/** Reads a file to its end, works on it, and writes a smaller one. */
function* gzip(u: UserContext): Sys {
  const [path = ''] = operands(u);
  const source = yield* u.open(path, O.RDONLY | O.NOCTTY | O.NOFOLLOW);
  if (source < 0) return yield* complain(u, path, source);
  yield* u.fstat(source);
  const target = yield* u.open(`${path}.gz`, O.WRONLY | O.CREAT | O.EXCL, 0o600);
  for (let bytes = yield* u.read(source, CHUNK); bytes > 0; bytes = yield* u.read(source, CHUNK)) {
    yield* u.cpu(bytes * 22, ['deflate_block']);
    yield* u.write(target, Math.ceil(bytes / 3));
  }
  yield* u.close(source);
  yield* u.chmod(`${path}.gz`, 0o644);
  yield* u.close(target);
  return (yield* u.unlink(path)) < 0 ? 1 : 0;
}

/** sync(1) with operands: fsync of each. */
function* syncFile(u: UserContext, path: string): Sys {
  const fd = yield* u.open(path, O.RDONLY | O.NONBLOCK);
  if (fd < 0) return fd;
  yield* u.fsync(fd);
  return yield* u.close(fd);
}

function* tar(u: UserContext): Sys {
  // tar -cf ARCHIVE DIR
  const [archive = 'archive.tar', dir = '.'] = operands(u);
  const names = yield* readDirectory(u, dir);
  if (typeof names === 'number') return yield* complain(u, dir, names);
  const out = yield* u.open(archive, O.WRONLY | O.CREAT | O.TRUNC, 0o666);
  for (const name of names) {
    const fd = yield* u.open(`${dir}/${name}`, O.RDONLY | O.NOCTTY | O.NONBLOCK | O.NOFOLLOW | O.CLOEXEC);
    if (fd < 0) continue;
    yield* u.fstat(fd);
    const bytes = yield* u.read(fd, 10_240);
    yield* u.write(out, 512 + Math.ceil(Math.max(0, bytes) / 512) * 512);
    yield* u.close(fd);
  }
  return yield* u.close(out);
}

function* id(u: UserContext): Sys {
  yield* locale(u);
  const uid = yield* u.geteuid();
  yield* u.getuid();
  yield* nameService(u, '/etc/passwd', 'getpwuid', uid);
  yield* u.write(1, `uid=${uid}\n`);
  return 0;
}

/** getpwnam(3) and getpwuid(3): nscd is asked first, then the files. */
function* nameService(u: UserContext, file: string, symbol: string, arg: number): Sys {
  return yield* u.call('libc', symbol, [arg], function* () {
    const fd = yield* u.socket(1, 0x80801);
    yield* u.connectUnix(fd, '/var/run/nscd/socket');
    yield* u.close(fd);
    const conf = yield* u.open('/etc/nsswitch.conf', O.RDONLY | O.CLOEXEC);
    if (conf >= 0) {
      yield* u.read(conf, 4_096);
      yield* u.close(conf);
    }
    const data = yield* u.open(file, O.RDONLY | O.CLOEXEC);
    if (data < 0) return 0;
    yield* u.fstat(data);
    yield* u.read(data, 4_096);
    yield* u.close(data);
    return u.buffer;
  });
}

function* ps(u: UserContext): Sys {
  yield* locale(u);
  const names = yield* readDirectory(u, '/proc');
  if (typeof names === 'number') return 1;
  const lines = ['    PID CMD'];
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    yield* u.stat(`/proc/${pid}`);
    for (const file of ['stat', 'status', 'cmdline']) {
      const fd = yield* u.open(`/proc/${pid}/${file}`);
      if (fd < 0) continue;
      const bytes = yield* u.read(fd, 2_048);
      if (file === 'cmdline' && bytes > 0)
        lines.push(`${pid} ${u.text(u.buffer, bytes).replaceAll('\0', ' ')}`);
      yield* u.close(fd);
    }
  }
  yield* u.write(1, `${lines.join('\n')}\n`);
  return 0;
}

function* sleep(u: UserContext): Sys {
  yield* locale(u);
  const seconds = Number.parseFloat(operands(u)[0] ?? '0');
  yield* u.sleep(seconds * 1e9);
  yield* u.close(1);
  yield* u.close(2);
  return 0;
}

/** A tool that prints one text that costs it hardly anything. */
function printer(name: string, text: (u: UserContext) => string | Sys<string>): Program {
  return tool(name, function* (u) {
    yield* locale(u);
    const made = text(u);
    const line = typeof made === 'string' ? made : yield* made;
    yield* u.fstat(1);
    yield* u.write(1, `${line}\n`);
    return 0;
  });
}

function* head(u: UserContext): Sys {
  const [path] = operands(u);
  const fd = path ? yield* u.open(path) : 0;
  if (fd < 0) return yield* complain(u, path, fd);
  const bytes = yield* u.read(fd, 1_024);
  if (bytes > 0) yield* u.write(1, bytes);
  return 0;
}

function* wc(u: UserContext): Sys {
  const [path] = operands(u);
  const fd = path ? yield* u.open(path) : 0;
  if (fd < 0) return yield* complain(u, path, fd);
  let total = 0;
  for (let bytes = yield* u.read(fd, 16_384); bytes > 0; bytes = yield* u.read(fd, 16_384)) {
    total += bytes;
    yield* u.cpu(bytes * 0.4);
  }
  yield* u.write(1, `${total}\n`);
  return 0;
}

/** Small tools of coreutils, findutils, procps and the like. */
export const COREUTILS: readonly Program[] = [
  tool('cat', cat),
  tool('ls', ls, { libraries: ['libselinux'], symbols: ['print_dir', 'gobble_file', 'format_user'] }),
  tool('find', find),
  tool('grep', grep, { libraries: ['libpcre2'], symbols: ['grep', 'execute'] }),
  tool('cp', (u) => twoOperands(u, (from, to) => copyFile(u, from, to)), { libraries: ['libselinux'] }),
  tool('mv', (u) => twoOperands(u, (from, to) => u.rename(from, to)), { libraries: ['libselinux'] }),
  tool('rm', (u) => eachOperand(u, (path) => u.unlinkat(path))),
  tool('mkdir', (u) => eachOperand(u, (path) => u.mkdir(path, 0o777)), { libraries: ['libselinux'] }),
  tool('touch', function* (u) {
    return yield* eachOperand(u, function* (path) {
      const fd = yield* u.open(path, O.WRONLY | O.CREAT | O.NOCTTY | O.NONBLOCK, 0o666);
      if (fd < 0) return fd;
      yield* u.syscall('utimensat', AT_FDCWD, u.str(path), 0, 0);
      return yield* u.close(fd);
    });
  }),
  tool('sync', (u) => eachOperand(u, (path) => syncFile(u, path))),
  tool('tar', tar, { libraries: ['libselinux'] }),
  tool('gzip', gzip, { symbols: ['deflate_block', 'longest_match'] }),
  tool('id', id, { libraries: ['libselinux'] }),
  tool('ps', ps),
  tool('sleep', sleep),
  tool('head', head),
  tool('wc', wc),
  tool('true', function* (u) {
    yield* u.close(1);
    yield* u.close(2);
    return 0;
  }),
  printer('echo', (u) => u.argv.slice(1).join(' ')),
  printer('date', function* (u) {
    const fd = yield* u.open('/etc/localtime', O.RDONLY | O.CLOEXEC);
    if (fd >= 0) {
      yield* u.fstat(fd);
      yield* u.read(fd, 4_096);
      yield* u.close(fd);
    }
    return new Date(Number(u.k.realtimeNs() / 1_000_000n)).toISOString();
  }),
  printer('uname', function* (u) {
    yield* u.uname();
    return `Linux ${u.task.nsproxy.all.uts.nodename} ${u.k.uname.release}`;
  }),
  printer('hostname', function* (u) {
    yield* u.uname();
    return u.task.nsproxy.all.uts.nodename;
  }),
  printer('whoami', function* (u) {
    const uid = yield* u.geteuid();
    yield* nameService(u, '/etc/passwd', 'getpwuid', uid);
    return uid === 0 ? 'root' : String(uid);
  }),
  printer('env', (u) => u.program.envp.join('\n')),
];
