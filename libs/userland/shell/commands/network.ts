import { AF, POLL, SOCK, strerror } from '@probed/abi';
import {
  connectTcp,
  dnsQuery,
  firstAddress,
  formatIp,
  resolveName,
  type Sys,
  type UserContext,
} from '@probed/system';
import { readAccounts } from '../os/accounts';
import { readSome, readText, readToEnd, writeAll } from '../os/io';
import { parseArguments, type ToolRun, type ToolTable, unknownOption } from './tool';

const DNS_PORT = 53;
const DNS_TIMEOUT_MS = 5_000;

/** Name servers and search list of /etc/resolv.conf. */
function* resolverConfig(u: UserContext): Sys<{ server: string; search: readonly string[]; ndots: number }> {
  const text = (yield* readText(u, '/etc/resolv.conf')) ?? '';
  return {
    server: /^nameserver\s+(\S+)/m.exec(text)?.[1] ?? '127.0.0.1',
    search: /^search\s+(.*)$/m.exec(text)?.[1].trim().split(/\s+/) ?? [],
    ndots: Number(/ndots:(\d+)/.exec(text)?.[1] ?? 1),
  };
}

type Answer = { readonly ip: string } | 'nxdomain' | 'timeout';

/** One query over UDP, with no regard to /etc/hosts: what nslookup and dig do. */
function* ask(u: UserContext, server: string, name: string): Sys<Answer> {
  const fd = yield* u.socket(AF.INET, SOCK.DGRAM | SOCK.CLOEXEC);
  if ((yield* u.connect(fd, server, DNS_PORT)) < 0) {
    yield* u.close(fd);
    return 'timeout';
  }
  yield* u.send(fd, dnsQuery(name, u.k.aslr.below(65_536)), 0x4000);
  const ready = yield* u.poll(fd, POLL.IN, DNS_TIMEOUT_MS);
  const bytes = ready > 0 ? yield* u.recv(fd, 2_048) : 0;
  const ip = bytes > 0 ? firstAddress(u.peek(u.buffer, bytes)) : undefined;
  yield* u.close(fd);
  if (bytes <= 0) return 'timeout';
  return ip === undefined ? 'nxdomain' : { ip };
}

/** Names to try in order: as given, and with each of the search list. */
function candidates(name: string, search: readonly string[], ndots: number): string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)];
  const longer = search.map((suffix) => `${name}.${suffix}`);
  return name.split('.').length - 1 >= ndots ? [name, ...longer] : [...longer, name];
}

function* lookup(
  u: UserContext,
  server: string,
  names: readonly string[],
): Sys<{ name: string; answer: Answer }> {
  let last: Answer = 'nxdomain';
  for (const name of names) {
    last = yield* ask(u, server, name);
    if (last !== 'nxdomain') return { name, answer: last };
  }
  return { name: names[names.length - 1], answer: last };
}

function* nslookup(run: ToolRun): Sys {
  const { u } = run;
  const [name, given] = run.args.filter((arg) => !arg.startsWith('-'));
  if (name === undefined) return yield* run.fail('name expected');
  const config = yield* resolverConfig(u);
  const server = given ?? config.server;
  const found = yield* lookup(u, server, candidates(name, config.search, config.ndots));
  if (found.answer === 'timeout') {
    run.print(';; connection timed out; no servers could be reached\n\n');
    return 1;
  }
  run.print(`Server:\t\t${server}\nAddress:\t${server}#53\n\n`);
  if (found.answer === 'nxdomain') {
    run.print(`** server can't find ${name}: NXDOMAIN\n\n`);
    return 1;
  }
  run.print(`Name:\t${found.name}\nAddress: ${found.answer.ip}\n\n`);
  return 0;
}

function* dig(run: ToolRun): Sys {
  const { u } = run;
  const short = run.args.includes('+short');
  const names = run.args.filter(
    (arg) => !/^[-+@]/.test(arg) && !/^(A|AAAA|ANY|IN|MX|TXT|NS|CNAME)$/.test(arg),
  );
  const at = run.args.find((arg) => arg.startsWith('@'))?.slice(1);
  const [name = '.'] = names;
  const server = at ?? (yield* resolverConfig(u)).server;
  const startNs = u.k.nowNs();
  const answer = yield* ask(u, server, name.replace(/\.$/, ''));
  if (answer === 'timeout') {
    run.print(';; communications error: timed out\n;; no servers could be reached\n');
    return 9;
  }
  const ip = answer === 'nxdomain' ? undefined : answer.ip;
  if (short) {
    run.print(ip === undefined ? '' : `${ip}\n`);
    return 0;
  }
  const status = ip === undefined ? 'NXDOMAIN' : 'NOERROR';
  const dotted = name.endsWith('.') ? name : `${name}.`;
  run.print(
    `\n; <<>> DiG 9.18.28 <<>> ${run.args.join(' ')}\n;; Got answer:\n;; ->>HEADER<<- opcode: QUERY, status: ${status}, id: ${u.k.aslr.below(65_536)}\n`,
  );
  run.print(
    `;; flags: qr rd ra; QUERY: 1, ANSWER: ${ip === undefined ? 0 : 1}, AUTHORITY: 0, ADDITIONAL: 0\n\n;; QUESTION SECTION:\n;${dotted}\t\t\tIN\tA\n\n`,
  );
  if (ip !== undefined) run.print(`;; ANSWER SECTION:\n${dotted}\t\t30\tIN\tA\t${ip}\n\n`);
  run.print(
    `;; Query time: ${Math.round((u.k.nowNs() - startNs) / 1e6)} msec\n;; SERVER: ${server}#53(${server}) (UDP)\n\n`,
  );
  return 0;
}

function* host(run: ToolRun): Sys {
  const [name] = run.args.filter((arg) => !arg.startsWith('-'));
  if (name === undefined) return yield* run.fail('usage: host name');
  const config = yield* resolverConfig(run.u);
  const { name: full, answer } = yield* lookup(
    run.u,
    config.server,
    candidates(name, config.search, config.ndots),
  );
  if (typeof answer === 'string') {
    run.print(
      answer === 'timeout'
        ? ';; connection timed out; no servers could be reached\n'
        : `Host ${name} not found: 3(NXDOMAIN)\n`,
    );
    return 1;
  }
  run.print(`${full} has address ${answer.ip}\n`);
  return 0;
}

function* getent(run: ToolRun): Sys {
  const { u } = run;
  const [database, key] = run.args;
  if (database === 'hosts' || database === 'ahosts') {
    const ip = key === undefined ? undefined : yield* resolveName(u, key);
    if (ip === undefined) return 2;
    run.print(`${ip.padEnd(15)} ${key}\n`);
    return 0;
  }
  const file = { passwd: '/etc/passwd', group: '/etc/group' }[database ?? ''];
  if (file === undefined) return yield* run.fail(`Unknown database: ${database ?? ''}`);
  yield* readAccounts(u);
  const rows = ((yield* readText(u, file)) ?? '').split('\n').filter(Boolean);
  const wanted =
    key === undefined ? rows : rows.filter((row) => row.split(':')[0] === key || row.split(':')[2] === key);
  run.print(wanted.map((row) => `${row}\n`).join(''));
  return wanted.length > 0 ? 0 : 2;
}

/** netcat: a connection, standard input to it, what comes back to standard output; or a listener. */
function* nc(run: ToolRun): Sys {
  const { u } = run;
  const { options, operands, unknown } = parseArguments(run.args, 'zvnlukNq46', 'wpse');
  if (unknown) return yield* unknownOption(run, unknown);
  const port = Number(operands[operands.length - 1] ?? options.get('p'));
  if (options.has('l')) return yield* listen(run, Number(options.get('p') ?? port));
  const [name] = operands;
  if (name === undefined || !Number.isInteger(port) || operands.length < 2)
    return yield* run.fail('missing port number');
  const ip = yield* resolveName(u, name);
  if (ip === undefined)
    return yield* run.fail(`getaddrinfo for host "${name}" port ${port}: Name or service not known`);
  const fd = yield* connectTcp(u, ip, port);
  if (fd < 0) {
    if (options.has('v') || !options.has('z'))
      yield* run.fail(`connect to ${name} (${ip}) port ${port} (tcp) failed: ${strerror(fd)}`);
    return 1;
  }
  if (options.has('v'))
    yield* writeAll(u, 2, `Connection to ${name} (${ip}) ${port} port [tcp/*] succeeded!\n`);
  if (options.has('z')) return 0;
  return yield* relay(run, fd);
}

function* relay(run: ToolRun, fd: number): Sys {
  const { u } = run;
  const input = yield* readToEnd(u, 0);
  if (typeof input !== 'number' && input.length > 0) yield* writeAll(u, fd, input);
  for (;;) {
    if ((yield* u.poll(fd, POLL.IN, DNS_TIMEOUT_MS)) <= 0) break;
    const data = yield* readSome(u, fd);
    if (typeof data === 'number' || data.length === 0) break;
    if ((yield* writeAll(u, 1, data)) < 0) break;
  }
  yield* u.close(fd);
  return 0;
}

function* listen(run: ToolRun, port: number): Sys {
  const { u } = run;
  const listener = yield* u.socket();
  const error = yield* u.bind(listener, '0.0.0.0', port);
  if (error < 0) return yield* run.failure('bind', error);
  yield* u.listen(listener, 1);
  const fd = yield* u.accept(listener);
  if (fd < 0) return yield* run.failure('accept', fd);
  for (;;) {
    const data = yield* readSome(u, fd);
    if (typeof data === 'number' || data.length === 0) return 0;
    if ((yield* writeAll(u, 1, data)) < 0) return 1;
  }
}

/** `ip addr`, `ip route`, `ip link`: what the network namespace has. */
function* ip(run: ToolRun): Sys {
  const { u } = run;
  const words = run.args.filter((arg) => !arg.startsWith('-'));
  const object = ['address', 'route', 'link'].find(
    (name) => words[0] !== undefined && name.startsWith(words[0]),
  );
  if (object === undefined) return yield* run.fail(`Object "${words[0] ?? ''}" is unknown, try "ip help".`);
  const own = [...u.k.net.addressesOf(u.task.nsproxy.all.net)].map(formatIp);
  const loopback =
    '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN group default qlen 1000\n    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n';
  const wire =
    '2: eth0@if7: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP group default\n    link/ether 0a:58:0a:f4:01:11 brd ff:ff:ff:ff:ff:ff\n';
  if (object === 'route') {
    for (const address of own) {
      const net = address.split('.').slice(0, 3).join('.');
      run.print(
        `default via ${net}.1 dev eth0\n${net}.0/24 dev eth0 proto kernel scope link src ${address}\n`,
      );
    }
    return 0;
  }
  const inet = object === 'address';
  run.print(loopback + (inet ? '    inet 127.0.0.1/8 scope host lo\n' : ''));
  for (const address of own)
    run.print(
      wire + (inet ? `    inet ${address}/24 brd ${address.replace(/\d+$/, '255')} scope global eth0\n` : ''),
    );
  return 0;
}

export const NETWORK: ToolTable = { nslookup, dig, host, getent, nc, ip };
