import { AF, EPOLL, O, SIGNAL, SO, SOCK, SOL } from '@probed/abi';
import type { Sys } from '../sched/task-program';
import type { UserContext } from '../user/context';
import type { ImageProbe } from '../user/image';
import type { Program } from '../user/programs';
import { daemon, tool } from './tool';

const HTTP_PORT = 80;
const POSTGRES_PORT = 5432;
const SECOND_NS = 1e9;
const MS_NS = 1e6;

const DOCUMENTS: Readonly<Record<string, string>> = {
  '/': '/var/www/html/index.html',
  '/index.html': '/var/www/html/index.html',
  '/app.js': '/var/www/html/app.js',
  '/logo.png': '/var/www/html/logo.png',
};

/** Serves one request of a keep-alive connection. @returns false when the client has gone */
function* nginxRequest(u: UserContext, fd: number, log: number): Sys<boolean> {
  const bytes = yield* u.recv(fd, 1_024);
  if (bytes <= 0) return false;
  const request = u.text(u.buffer, bytes);
  const path = request.split(' ')[1] ?? '/';
  yield* u.cpu(14_000, ['ngx_worker_process_cycle', 'ngx_process_events', 'ngx_http_process_request_line']);
  const file = DOCUMENTS[path] ?? `/var/www/html${path}`;
  const doc = yield* u.open(file, O.RDONLY | O.NONBLOCK);
  let status = 404;
  let size = 153;
  if (doc >= 0) {
    yield* u.fstat(doc);
    status = 200;
    size = yield* u.pread(doc, 32_768, 0);
    yield* u.close(doc);
  }
  yield* u.cpu(9_000, ['ngx_worker_process_cycle', 'ngx_process_events', 'ngx_http_core_content_phase']);
  yield* u.syscall('writev', fd, httpVector(u, status, size), 2);
  yield* u.write(log, `10.244.1.1 "GET ${path} HTTP/1.1" ${status} ${size}\n`);
  return true;
}

/** Header and body as an iovec pair. */
function httpVector(u: UserContext, status: number, size: number): number {
  const head = u.str(
    `HTTP/1.1 ${status} ${status === 200 ? 'OK' : 'Not Found'}\r\nContent-Length: ${size}\r\n\r\n`,
  );
  const headBytes = 43 + String(size).length + (status === 200 ? 0 : 7);
  const at = u.room(32);
  const { mm } = u.task;
  [head, headBytes, u.buffer, Math.max(1, size)].forEach((word, i) => {
    u.k.user.write64(mm!, at + 8 * i, word);
  });
  return at;
}

function* nginxWorker(u: UserContext, listener: number, log: number): Sys {
  yield* u.setgid(33);
  yield* u.setuid(33);
  yield* u.prctl(4, 1);
  const epoll = yield* u.epollCreate();
  yield* u.epollAdd(epoll, listener, EPOLL.IN | EPOLL.EXCLUSIVE);
  for (;;) {
    const fds = yield* u.epollWait(epoll, -1, 512);
    for (const fd of fds) {
      if (fd === listener) {
        const client = yield* u.accept(listener, SOCK.NONBLOCK);
        if (client >= 0) yield* u.epollAdd(epoll, client, EPOLL.IN | EPOLL.RDHUP);
      } else if (!(yield* nginxRequest(u, fd, log))) {
        yield* u.syscall('epoll_ctl', epoll, 2, fd, 0);
        yield* u.close(fd);
      }
    }
  }
}

/** nginx: a master that waits, two workers that serve. */
function* nginx(u: UserContext): Sys {
  const conf = yield* u.open('/etc/nginx/nginx.conf');
  if (conf >= 0) {
    yield* u.fstat(conf);
    yield* u.pread(conf, 4_096, 0);
    yield* u.close(conf);
  }
  const listener = yield* u.socket(AF.INET, SOCK.STREAM);
  yield* u.setsockopt(listener, SOL.SOCKET, SO.REUSEADDR);
  const error = yield* u.bind(listener, '0.0.0.0', HTTP_PORT);
  if (error < 0) {
    yield* u.write(2, `nginx: [emerg] bind() to 0.0.0.0:80 failed (${-error})\n`);
    return 1;
  }
  yield* u.listen(listener, 511);
  yield* u.fcntl(listener, 4, O.RDWR | O.NONBLOCK);
  const log = yield* u.open('/var/log/nginx/access.log', O.WRONLY | O.APPEND | O.CREAT | O.CLOEXEC, 0o644);
  for (let i = 0; i < 2; i++) yield* u.fork((worker) => nginxWorker(worker, listener, log));
  for (;;) {
    const [pid] = yield* u.wait();
    if (pid < 0) return 0;
    yield* u.fork((worker) => nginxWorker(worker, listener, log));
  }
}

/** One client's server process: parse, plan, read pages, answer. */
function* postgresBackend(u: UserContext, fd: number): Sys {
  const heap = yield* u.open('/var/lib/postgresql/data/base/16384/2619', O.RDWR | O.CLOEXEC);
  const wal = yield* u.open('/var/lib/postgresql/data/pg_wal/000000010000000000000001', O.RDWR | O.CLOEXEC);
  const prng = u.k.prng.fork(`postgres/${u.task.pid}`);
  for (;;) {
    const bytes = yield* u.recv(fd, 8_192);
    if (bytes <= 0) return 0;
    const query = u.text(u.buffer, bytes);
    const write = query.startsWith('INSERT');
    u.ownProbe('query__start', () => [u.str(query)]);
    yield* u.cpu(60_000, ['PostmasterMain', 'PostgresMain', 'exec_simple_query', 'pg_parse_query']);
    for (let page = prng.between(1, 4); page > 0; page--)
      yield* u.pread(heap, 8_192, prng.below(5_120) * 8_192);
    yield* u.cpu(90_000, ['PostmasterMain', 'PostgresMain', 'exec_simple_query', 'ExecutorRun', 'ExecScan']);
    if (write) {
      yield* u.pwrite(wal, 8_192, prng.below(2_048) * 8_192);
      yield* u.syscall('fdatasync', wal);
    }
    u.ownProbe('query__done', () => [u.str(query)]);
    yield* u.send(fd, 400, 0x4000);
  }
}

/** postgres: the postmaster forks a backend for each connection, and a background writer. */
function* postgres(u: UserContext): Sys {
  const conf = yield* u.open('/var/lib/postgresql/data/postgresql.conf');
  if (conf >= 0) {
    yield* u.fstat(conf);
    yield* u.read(conf, 32_768);
    yield* u.close(conf);
  }
  yield* u.mmap(1 << 22, 3, 0x21);
  const listener = yield* u.socket();
  yield* u.setsockopt(listener, SOL.SOCKET, SO.REUSEADDR);
  yield* u.bind(listener, '0.0.0.0', POSTGRES_PORT);
  yield* u.listen(listener, 200);
  yield* u.fork(backgroundWriter);
  yield* u.signal(SIGNAL.SIGCHLD, function* () {
    for (;;) {
      const [pid] = yield* u.wait(-1, 1);
      if (pid <= 0) return;
    }
  });
  for (;;) {
    const fd = yield* u.accept(listener, SOCK.CLOEXEC);
    if (fd < 0) continue;
    yield* u.fork((backend) => postgresBackend(backend, fd));
    yield* u.close(fd);
  }
}

function* backgroundWriter(u: UserContext): Sys {
  const heap = yield* u.open('/var/lib/postgresql/data/base/16384/1249', O.RDWR | O.CLOEXEC);
  for (let block = 0; ; block = (block + 1) % 256) {
    yield* u.sleep(200 * MS_NS);
    yield* u.cpu(45_000, ['PostmasterMain', 'BackgroundWriterMain', 'BgBufferSync']);
    yield* u.pwrite(heap, 8_192, block * 8_192);
    if (block % 10 === 9) yield* u.fsync(heap);
  }
}

/** cron: wakes up each minute (here at its first boundary after start), runs the jobs of /etc/crontab. */
function* cron(u: UserContext): Sys {
  const every = Number(u.argv[1] ?? '60') * SECOND_NS;
  for (;;) {
    yield* u.sleep(every);
    yield* u.stat('/etc/crontab');
    const fd = yield* u.open('/etc/crontab');
    if (fd >= 0) {
      yield* u.fstat(fd);
      yield* u.read(fd, 4_096);
      yield* u.close(fd);
    }
    yield* u.fork(function* (job) {
      yield* job.setsid();
      return yield* job.spawn('/bin/sh', ['/bin/sh', '-c', '/usr/lib/sysstat/sa1']);
    });
    yield* u.wait();
  }
}

/** systemd: adopts orphans, and looks after its units now and then. */
function* systemd(u: UserContext): Sys {
  for (;;) {
    yield* u.sleep(500 * MS_NS);
    for (;;) {
      const [pid] = yield* u.wait(-1, 1);
      if (pid <= 0) break;
    }
    yield* u.cpu(25_000, ['manager_loop', 'sd_event_run']);
    const fd = yield* u.open('/proc/meminfo', O.RDONLY | O.CLOEXEC);
    if (fd < 0) continue;
    yield* u.read(fd, 1_024);
    yield* u.close(fd);
  }
}

/** A Go daemon: a main thread that sleeps and workers that wake each other by futex. */
function goDaemon(everyNs: number, files: readonly string[]) {
  return function* (u: UserContext): Sys {
    const mutex = u.program.argvAt - 64;
    yield* u.thread(function* (worker) {
      for (;;) {
        yield* worker.futexWait(mutex, 0, everyNs);
        yield* worker.cpu(120_000, ['runtime.mcall', 'runtime.schedule']);
      }
    });
    for (;;) {
      yield* u.sleep(everyNs);
      for (const path of files) {
        const fd = yield* u.open(path, O.RDONLY | O.CLOEXEC);
        if (fd < 0) continue;
        yield* u.read(fd, 4_096);
        yield* u.close(fd);
      }
      yield* u.cpu(240_000, ['runtime.main', 'syncLoop', 'housekeeping']);
      yield* u.futexWake(mutex, 1);
      yield* u.getpid();
    }
  };
}

/** runc: the helper that a container's first process was before it was that; `runc list` does nothing visible. */
function* runc(u: UserContext): Sys {
  yield* u.getpid();
  return 0;
}

/** sudo: looks the user up, becomes root (the set-uid bit did that), runs the command. */
function* sudo(u: UserContext): Sys {
  yield* u.getuid();
  yield* u.geteuid();
  const fd = yield* u.open('/etc/sudoers');
  if (fd < 0) {
    yield* u.write(2, 'sudo: unable to open /etc/sudoers\n');
    return 1;
  }
  yield* u.fstat(fd);
  yield* u.read(fd, 4_096);
  yield* u.close(fd);
  yield* u.call('libpam', 'pam_authenticate', [u.buffer, 0], function* () {
    const shadow = yield* u.open('/etc/shadow', O.RDONLY | O.CLOEXEC);
    if (shadow >= 0) {
      yield* u.read(shadow, 4_096);
      yield* u.close(shadow);
    }
    yield* u.cpu(400_000);
    return 0;
  });
  const [command = 'id', ...args] = u.argv.slice(1);
  const path = command.includes('/') ? command : `/usr/bin/${command}`;
  const pid = yield* u.fork(function* (child) {
    yield* child.syscall('setgroups', 0, 0);
    yield* child.syscall('setresgid', 0, 0, 0);
    yield* child.syscall('setresuid', 0, 0, 0);
    yield* child.exec(path, [command, ...args]);
    return 127;
  });
  const [, status] = yield* u.wait(pid);
  return (status >> 8) & 0xff;
}

const NGINX_FUNCTIONS = [
  'ngx_master_process_cycle',
  'ngx_worker_process_cycle',
  'ngx_process_events',
  'ngx_event_accept',
  'ngx_http_process_request_line',
  'ngx_http_core_content_phase',
  'ngx_http_finalize_request',
  'ngx_palloc',
];

const POSTGRES_FUNCTIONS = [
  'PostmasterMain',
  'PostgresMain',
  'exec_simple_query',
  'pg_parse_query',
  'ExecutorRun',
  'ExecScan',
  'heap_getnext',
  'ReadBuffer_common',
  'XLogFlush',
  'BackgroundWriterMain',
  'BgBufferSync',
  'LWLockAcquire',
];

/** Of a PostgreSQL that was configured with --enable-dtrace (src/backend/utils/probes.d). */
const POSTGRES_PROBES: readonly ImageProbe[] = [
  { provider: 'postgresql', name: 'query__start', inside: 'exec_simple_query', args: '8@%r12' },
  { provider: 'postgresql', name: 'query__done', inside: 'exec_simple_query', args: '8@-72(%rbp)' },
];

export const SERVERS: readonly Program[] = [
  daemon('nginx', '/usr/sbin/nginx', NGINX_FUNCTIONS, nginx, {
    libraries: ['libpcre2', 'libssl', 'libcrypto', 'libz'],
  }),
  daemon('postgres', '/usr/lib/postgresql/16/bin/postgres', POSTGRES_FUNCTIONS, postgres, {
    libraries: ['libssl', 'libcrypto', 'libm'],
    probes: POSTGRES_PROBES,
  }),
  daemon('cron', '/usr/sbin/cron', ['main_loop', 'load_database', 'do_command', 'child_process'], cron, {
    libraries: ['libpam', 'libselinux'],
  }),
  daemon('systemd', '/usr/lib/systemd/systemd', ['manager_loop', 'sd_event_run', 'unit_notify'], systemd),
  daemon(
    'containerd',
    '/usr/bin/containerd',
    ['runtime.main', 'runtime.mcall', 'runtime.schedule', 'syncLoop', 'housekeeping'],
    goDaemon(250 * MS_NS, ['/proc/meminfo']),
    { isStatic: true },
  ),
  daemon(
    'kubelet',
    '/usr/bin/kubelet',
    ['runtime.main', 'runtime.mcall', 'runtime.schedule', 'syncLoop', 'housekeeping'],
    goDaemon(100 * MS_NS, ['/proc/stat', '/proc/loadavg', '/var/lib/kubelet/config.yaml']),
    { isStatic: true },
  ),
  daemon('runc', '/usr/bin/runc', ['runtime.main', 'main.main'], runc, { isStatic: true }),
  tool('sudo', sudo, {
    libraries: ['libpam', 'libselinux'],
    symbols: ['sudoers_policy_check', 'exec_nopty'],
  }),
];
