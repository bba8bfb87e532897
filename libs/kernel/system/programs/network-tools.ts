import { AF, IPPROTO, O, POLL, SO, SOCK, SOL, TCP_OPTION } from '@probed/abi';
import { dnsQuery, firstAddress } from '../net/dns';
import { formatIp, parseIp } from '../net/endpoint';
import type { Sys } from '../sched/task-program';
import type { UserContext } from '../user/context';
import type { Program } from '../user/programs';
import { tool } from './tool';

const DNS_PORT = 53;
const DNS_TIMEOUT_MS = 5_000;

/** getaddrinfo(3) of glibc: nscd, nsswitch, hosts, resolv.conf, then DNS over UDP. @returns dotted quad */
export function* resolveName(u: UserContext, name: string): Sys<string | undefined> {
  if (parseIp(name) !== undefined) return name;
  let answer: string | undefined;
  yield* u.call('libc', 'getaddrinfo', [u.str(name), 0, 0, u.room(8)], function* () {
    const nscd = yield* u.socket(AF.UNIX, SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK);
    yield* u.connectUnix(nscd, '/var/run/nscd/socket');
    yield* u.close(nscd);
    const files: Record<string, string> = {};
    for (const path of ['/etc/nsswitch.conf', '/etc/host.conf', '/etc/resolv.conf', '/etc/hosts']) {
      const fd = yield* u.open(path, O.RDONLY | O.CLOEXEC);
      if (fd < 0) continue;
      yield* u.fstat(fd);
      const bytes = yield* u.read(fd, 4_096);
      files[path] = u.text(u.buffer, Math.max(0, bytes));
      yield* u.close(fd);
    }
    answer =
      fromHosts(files['/etc/hosts'] ?? '', name) ?? (yield* askDns(u, files['/etc/resolv.conf'] ?? '', name));
    return answer ? 0 : -2 >>> 0;
  });
  return answer;
}

function fromHosts(text: string, name: string): string | undefined {
  for (const line of text.split('\n')) {
    const [ip, ...names] = line.trim().split(/\s+/);
    if (names.includes(name)) return ip;
  }
  return undefined;
}

function* askDns(u: UserContext, resolvConf: string, name: string): Sys<string | undefined> {
  const server = /nameserver\s+(\S+)/.exec(resolvConf)?.[1] ?? '127.0.0.1';
  const fd = yield* u.socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC | SOCK.NONBLOCK);
  if ((yield* u.connect(fd, server, DNS_PORT)) < 0) {
    yield* u.close(fd);
    return undefined;
  }
  yield* u.poll(fd, POLL.OUT, 0);
  yield* u.send(fd, dnsQuery(name, u.k.net.prng.below(65_536)), 0x4000);
  const ready = yield* u.poll(fd, POLL.IN, DNS_TIMEOUT_MS);
  if (ready <= 0) {
    yield* u.close(fd);
    return undefined;
  }
  yield* u.ioctl(fd, 0x541b);
  const bytes = yield* u.recv(fd, 2_048);
  yield* u.close(fd);
  return bytes > 0 ? firstAddress(u.peek(u.buffer, bytes)) : undefined;
}

/** `scheme://host[:port]/path` */
function parseUrl(url: string): { host: string; port: number; path: string; tls: boolean } {
  const match = /^(https?):\/\/([^/:]+)(?::(\d+))?(\/.*)?$/.exec(url.includes('://') ? url : `http://${url}`);
  const tls = match?.[1] === 'https';
  return {
    host: match?.[2] ?? '',
    port: Number(match?.[3] ?? (tls ? 443 : 80)),
    path: match?.[4] ?? '/',
    tls,
  };
}

/** One TLS record as SSL_write and SSL_read move it: plain text in and out, cipher text on the wire. */
export function* sslWrite(u: UserContext, fd: number, text: string): Sys {
  const at = u.str(text);
  return yield* u.call('libssl', 'SSL_write', [at - 64, at, text.length], function* () {
    yield* u.call('libcrypto', 'EVP_EncryptUpdate', [0, 0, 0, at, text.length], function* () {
      yield* u.cpu(2_000 + text.length * 3);
      return 1;
    });
    yield* u.send(fd, text.length + 29, 0x4000);
    return text.length;
  });
}

export function* sslRead(u: UserContext, fd: number, size: number): Sys {
  return yield* u.call('libssl', 'SSL_read', [u.buffer, u.buffer, size], function* () {
    const bytes = yield* u.recv(fd, size);
    if (bytes > 0) yield* u.cpu(1_500 + bytes * 2);
    return Math.max(0, bytes - 29);
  });
}

export function* sslHandshake(u: UserContext, fd: number): Sys {
  return yield* u.call('libssl', 'SSL_do_handshake', [u.buffer], function* () {
    yield* u.send(fd, 517, 0x4000);
    yield* u.recv(fd, 16_384);
    yield* u.cpu(850_000);
    yield* u.send(fd, 80, 0x4000);
    return 1;
  });
}

/** A TCP connection as curl makes it: non-blocking connect, poll, SO_ERROR. @returns descriptor or negative errno */
export function* connectTcp(u: UserContext, ip: string, port: number): Sys {
  const fd = yield* u.socket(AF.INET, SOCK.STREAM | SOCK.CLOEXEC, 6);
  if (fd < 0) return fd;
  yield* u.setsockopt(fd, IPPROTO.TCP, TCP_OPTION.NODELAY);
  yield* u.setsockopt(fd, SOL.SOCKET, SO.KEEPALIVE);
  const flags = yield* u.fcntl(fd, 3);
  yield* u.fcntl(fd, 4, flags | O.NONBLOCK);
  const error = yield* u.connect(fd, ip, port);
  if (error < 0 && error !== -115) {
    yield* u.close(fd);
    return error;
  }
  const ready = yield* u.poll(fd, POLL.OUT | POLL.IN, 30_000);
  yield* u.getsockopt(fd, SOL.SOCKET, SO.ERROR);
  const failed = u.k.user.read32(u.task.mm!, u.lastRoom);
  if (ready <= 0 || failed) {
    yield* u.close(fd);
    return failed ? -failed : -110;
  }
  yield* u.fcntl(fd, 4, flags);
  yield* u.getsockname(fd);
  return fd;
}

function* curl(u: UserContext): Sys {
  const url = u.argv.slice(1).find((arg) => !arg.startsWith('-')) ?? '';
  const target = parseUrl(url);
  for (const path of ['/root/.curlrc', '/etc/ssl/openssl.cnf']) {
    const fd = yield* u.open(path);
    if (fd >= 0) yield* u.close(fd);
  }
  const ip = yield* resolveName(u, target.host);
  if (!ip) {
    yield* u.write(2, `curl: (6) Could not resolve host: ${target.host}\n`);
    return 6;
  }
  const fd = yield* connectTcp(u, ip, target.port);
  if (fd < 0) {
    yield* u.write(2, `curl: (7) Failed to connect to ${target.host} port ${target.port}\n`);
    return 7;
  }
  const request = `GET ${target.path} HTTP/1.1\r\nHost: ${target.host}\r\nUser-Agent: curl/7.88.1\r\nAccept: */*\r\n\r\n`;
  if (target.tls) {
    yield* sslHandshake(u, fd);
    yield* sslWrite(u, fd, request);
  } else yield* u.send(fd, request, 0x4000);
  yield* u.poll(fd, POLL.IN, 30_000);
  const bytes = target.tls ? yield* sslRead(u, fd, 102_400) : yield* u.recv(fd, 102_400);
  if (bytes > 0) yield* u.write(1, bytes);
  yield* u.close(fd);
  return bytes > 0 ? 0 : 52;
}

/** Reads until as much has come as the header of an HTTP reply announces; anything else is one read. */
function* receiveReply(u: UserContext, fd: number): Sys<void> {
  let wanted = 1;
  for (let total = 0; total < wanted; ) {
    const bytes = yield* u.recv(fd, 65_536);
    if (bytes <= 0) return;
    if (total === 0) {
      const head = u.text(u.buffer, Math.min(bytes, 512));
      const end = head.indexOf('\r\n\r\n');
      const length = /Content-Length: (\d+)/.exec(head)?.[1];
      if (end > 0 && length) wanted = end + 4 + Number(length);
    }
    total += bytes;
  }
}

/** A load generator in the manner of wrk: keeps asking a server, with a pause that averages 1/rate. */
function* wrk(u: UserContext): Sys {
  const [, host = '127.0.0.1', port = '80', rate = '50'] = u.argv;
  const prng = u.k.prng.fork(`wrk/${u.task.pid}`);
  const ip = (yield* resolveName(u, host)) ?? formatIp(0x7f00_0001);
  for (;;) {
    yield* u.sleep(prng.exponential(1e9 / Number(rate)));
    const fd = yield* u.socket();
    if ((yield* u.connect(fd, ip, Number(port))) === 0) {
      const path = prng.pick(['/', '/index.html', '/app.js', '/logo.png', '/missing']);
      yield* u.send(fd, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`, 0x4000);
      yield* receiveReply(u, fd);
    }
    yield* u.close(fd);
  }
}

export const NETWORK_TOOLS: readonly Program[] = [
  tool('curl', curl, {
    libraries: ['libcurl', 'libz', 'libssl', 'libcrypto'],
    symbols: ['operate', 'serial_transfers', 'tool_write_cb'],
  }),
  tool('wrk', wrk, { symbols: ['thread_main', 'socket_connected', 'response_complete'] }),
];
