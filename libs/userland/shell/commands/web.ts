import { strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { type HttpFailure, httpRequest, parseUrl, type Response, type Target } from '../os/http';
import { readFile, readToEnd, writeAll, writeFile } from '../os/io';
import { loadLocale } from '../os/locale';
import { parseArguments, type ToolRun, type ToolTable } from './tool';

const REDIRECTS_MAX = 10;
const STARTUP_NS = 2_400_000;
const CURL_FLAGS = 'sSOIifkLvgN0146#jR';
const CURL_VALUED = 'oXdHAumewTbxcFrQ';
const CURL_LONG = {
  silent: 's',
  'show-error': 'S',
  'remote-name': 'O',
  head: 'I',
  include: 'i',
  fail: 'f',
  insecure: 'k',
  location: 'L',
  verbose: 'v',
  compressed: 'N',
  'output=': 'o',
  'request=': 'X',
  'data=': 'd',
  'data-raw=': 'd',
  'data-binary=': 'd',
  'header=': 'H',
  'user-agent=': 'A',
  'user=': 'u',
  'max-time=': 'm',
  'connect-timeout=': 'm',
  'write-out=': 'w',
  'upload-file=': 'T',
  'cookie=': 'b',
  'cacert=': 'e',
  'retry=': 'r',
};

/** Options that may come more than once, in order. */
function repeated(args: readonly string[], short: string, long: readonly string[]): string[] {
  const out: string[] = [];
  args.forEach((arg, i) => {
    if (arg === `-${short}` || long.includes(arg)) out.push(args[i + 1] ?? '');
    else if (arg.startsWith(`-${short}`) && arg.length > 2) out.push(arg.slice(2));
    else for (const name of long) if (arg.startsWith(`${name}=`)) out.push(arg.slice(name.length + 1));
  });
  return out;
}

/** Body of a request from -d and -T; `@file` and `@-` are read. @returns undefined when there is none */
function* requestBody(
  u: UserContext,
  run: ToolRun,
  upload: string | undefined,
): Sys<Uint8Array | number | undefined> {
  if (upload !== undefined) return upload === '-' ? yield* readToEnd(u, 0) : yield* readFile(u, upload);
  const parts: string[] = [];
  for (const part of repeated(run.args, 'd', ['--data', '--data-raw', '--data-binary'])) {
    if (!part.startsWith('@')) parts.push(part);
    else {
      const data = part === '@-' ? yield* readToEnd(u, 0) : yield* readFile(u, part.slice(1));
      if (typeof data === 'number') return data;
      parts.push(new TextDecoder().decode(data));
    }
  }
  return parts.length > 0 ? new TextEncoder().encode(parts.join('&')) : undefined;
}

/** curl's exit code and words for each kind of failure. */
function explain(target: Target, failure: HttpFailure): readonly [number, string] {
  if (failure.kind === 'resolve') return [6, `Could not resolve host: ${target.host}`];
  if (failure.kind === 'empty') return [52, 'Empty reply from server'];
  if (failure.kind === 'timeout')
    return [28, `Operation timed out after ${failure.ms} milliseconds with 0 bytes received`];
  const why = failure.errno === -110 ? 'Connection timed out' : strerror(failure.errno);
  return [
    failure.errno === -110 ? 28 : 7,
    `Failed to connect to ${target.host} port ${target.port} after ${failure.ms} ms: ${why}`,
  ];
}

function writeOut(format: string, response: Response, url: string): string {
  const values: Readonly<Record<string, string>> = {
    http_code: String(response.status).padStart(3, '0'),
    response_code: String(response.status),
    size_download: String(response.body.length),
    url_effective: url,
    remote_ip: response.ip,
    content_type: response.headers.get('content-type') ?? '',
  };
  return format
    .replace(/%\{(\w+)\}/g, (_all, name) => values[name] ?? '')
    .replace(/\\n/g, '\n')
    .replace(/\\t/g, '\t');
}

/** One URL with everything that curl was told about it. */
class Transfer {
  constructor(
    private readonly run: ToolRun,
    private readonly options: ReadonlyMap<string, string>,
    private readonly body: Uint8Array | undefined,
  ) {}

  private has(letter: string): boolean {
    return this.options.has(letter);
  }

  private get method(): string {
    const method = this.options.get('X');
    if (method) return method;
    return this.has('I') ? 'HEAD' : this.has('T') ? 'PUT' : this.body ? 'POST' : 'GET';
  }

  private headers(): (readonly [string, string])[] {
    const out = new Map<string, readonly [string, string]>();
    const add = (name: string, value: string) => out.set(name.toLowerCase(), [name, value]);
    const user = this.options.get('u');
    if (user !== undefined) add('Authorization', `Basic ${Buffer.from(user).toString('base64')}`);
    add('User-Agent', this.options.get('A') ?? 'curl/7.88.1');
    add('Accept', '*/*');
    const cookie = this.options.get('b');
    if (cookie !== undefined) add('Cookie', cookie);
    if (this.body && !this.has('T')) add('Content-Type', 'application/x-www-form-urlencoded');
    for (const header of repeated(this.run.args, 'H', ['--header'])) {
      const at = header.indexOf(':');
      if (at > 0) add(header.slice(0, at), header.slice(at + 1).trim());
    }
    return [...out.values()];
  }

  *fetch(url: string): Sys {
    const { run } = this;
    let current = url;
    for (let hops = 0; ; hops++) {
      const target = parseUrl(current);
      if (!target) return yield* this.fail(3, `URL using bad/illegal format or missing URL`);
      const limit = this.options.get('m');
      const result = yield* httpRequest(run.u, target, {
        method: this.method,
        headers: this.headers(),
        body: this.body,
        timeoutMs: limit === undefined ? undefined : Number(limit) * 1_000,
      });
      if ('kind' in result) {
        const [code, words] = explain(target, result);
        return yield* this.fail(code, words);
      }
      if (this.has('v')) yield* this.verbose(target, result);
      const location = result.headers.get('location');
      if (
        !this.has('L') ||
        location === undefined ||
        result.status < 300 ||
        result.status > 399 ||
        hops >= REDIRECTS_MAX
      )
        return yield* this.deliver(current, target, result);
      current = location.includes('://')
        ? location
        : `${target.scheme}://${target.host}:${target.port}${location}`;
    }
  }

  private *fail(code: number, words: string): Sys {
    if (!this.has('s') || this.has('S')) yield* writeAll(this.run.u, 2, `curl: (${code}) ${words}\n`);
    return code;
  }

  private *verbose(target: Target, response: Response): Sys<void> {
    const sent = [
      `${this.method} ${target.path} HTTP/1.1`,
      `Host: ${target.host}`,
      ...this.headers().map(([name, value]) => `${name}: ${value}`),
    ];
    const lines = [
      `*   Trying ${response.ip}:${target.port}...`,
      `* Connected to ${target.host} (${response.ip}) port ${target.port} (#0)`,
      ...sent.map((line) => `> ${line}`),
      '>',
      ...response.head
        .trimEnd()
        .split('\r\n')
        .map((line) => `< ${line}`),
      '<',
    ];
    yield* writeAll(this.run.u, 2, `${lines.join('\n')}\n`);
  }

  private *deliver(url: string, target: Target, response: Response): Sys {
    const { u } = this.run;
    if (this.has('f') && response.status >= 400)
      return yield* this.fail(22, `The requested URL returned error: ${response.status}`);
    const name = target.path.split('?')[0].split('/').pop() || undefined;
    const file = this.has('O') ? name : this.options.get('o');
    if (this.has('O') && file === undefined)
      return yield* this.fail(23, 'Failed to extract a sensible file name from the URL to use for storage!');
    const head = this.has('i') || this.has('I') ? new TextEncoder().encode(response.head) : new Uint8Array(0);
    const body = this.has('I') ? new Uint8Array(0) : response.body;
    const data = Buffer.concat([head, body]);
    const error =
      file === undefined || file === '-' ? yield* writeAll(u, 1, data) : yield* writeFile(u, file, data);
    if (error < 0) return yield* this.fail(23, `Failure writing output to destination`);
    const format = this.options.get('w');
    if (format !== undefined) yield* writeAll(u, 1, writeOut(format, response, url));
    return 0;
  }
}

function* curl(run: ToolRun): Sys {
  const { u } = run;
  for (const path of [`${u.getenv('HOME') ?? '/root'}/.curlrc`, '/etc/ssl/openssl.cnf']) {
    const fd = yield* u.open(path);
    if (fd >= 0) yield* u.close(fd);
  }
  yield* u.cpu(STARTUP_NS, ['error']);
  const { options, operands, unknown } = parseArguments(run.args, CURL_FLAGS, CURL_VALUED, CURL_LONG);
  if (run.args.includes('--version') || run.args.includes('-V')) {
    run.print('curl 7.88.1 (x86_64-pc-linux-gnu) libcurl/7.88.1 OpenSSL/3.0.15 zlib/1.2.13\n');
    return 0;
  }
  const hint = "curl: try 'curl --help' or 'curl --manual' for more information\n";
  if (unknown || operands.length === 0) {
    yield* writeAll(u, 2, unknown ? `curl: option ${unknown}: is unknown\n${hint}` : hint);
    return 2;
  }
  const body = yield* requestBody(u, run, options.get('T'));
  if (typeof body === 'number')
    return yield* run.fail(`(26) Failed to open/read local data from file/application`, 26);
  let status = 0;
  for (const url of operands) status = yield* new Transfer(run, options, body).fetch(url);
  return status;
}

function* wget(run: ToolRun): Sys {
  const { u } = run;
  yield* loadLocale(u);
  const { options, operands, unknown } = parseArguments(run.args, 'qcNSrvnd', 'OTtUP', {
    quiet: 'q',
    'output-document=': 'O',
    'timeout=': 'T',
    'tries=': 't',
    'no-check-certificate': 'n',
    'user-agent=': 'U',
    'post-data=': 'd',
    spider: 's',
  });
  if (unknown)
    return yield* run.fail(`unrecognized option '${unknown}'\nTry \`wget --help' for more options.`, 2);
  if (operands.length === 0) return yield* run.fail('missing URL\nUsage: wget [OPTION]... [URL]...', 1);
  let status = 0;
  for (const url of operands) {
    const code = yield* download(run, options, url);
    if (code !== 0) status = code;
  }
  return status;
}

function* download(run: ToolRun, options: ReadonlyMap<string, string>, url: string): Sys {
  const { u } = run;
  const say = function* (text: string): Sys<void> {
    if (!options.has('q')) yield* writeAll(u, 2, text);
  };
  const target = parseUrl(url);
  if (!target) return yield* run.fail(`${url}: Unsupported scheme.`);
  const stamp = new Date(Number(u.k.realtimeNs() / 1_000_000n)).toISOString().replace('T', ' ').slice(0, 19);
  yield* say(
    `--${stamp}--  ${target.scheme}://${target.host}${target.path}\nResolving ${target.host} (${target.host})... `,
  );
  const result = yield* httpRequest(u, target, {
    method: 'GET',
    headers: [
      ['User-Agent', options.get('U') ?? 'Wget/1.21.3'],
      ['Accept', '*/*'],
      ['Connection', 'Keep-Alive'],
    ],
    body: undefined,
  });
  if ('kind' in result) {
    const resolve = result.kind === 'resolve';
    yield* say(
      resolve
        ? 'failed: Name or service not known.\n'
        : `failed: ${'errno' in result ? strerror(result.errno) : 'no data received'}.\n`,
    );
    if (resolve) return yield* run.fail(`unable to resolve host address '${target.host}'`, 4);
    return 4;
  }
  yield* say(
    `${result.ip}\nConnecting to ${target.host} (${target.host})|${result.ip}|:${target.port}... connected.\nHTTP request sent, awaiting response... ${result.head.split('\r\n')[0].slice(9)}\n`,
  );
  if (result.status >= 400) {
    yield* say(`${stamp} ERROR ${result.status}.\n`);
    return 8;
  }
  const file = options.get('O') ?? (target.path.split('?')[0].split('/').pop() || 'index.html');
  const error = file === '-' ? yield* writeAll(u, 1, result.body) : yield* writeFile(u, file, result.body);
  if (error < 0) return yield* run.failure(file, error, 3);
  if (file !== '-')
    yield* say(
      `Length: ${result.body.length}\nSaving to: '${file}'\n\n${stamp} - '${file}' saved [${result.body.length}]\n\n`,
    );
  return 0;
}

export const WEB: ToolTable = { curl, wget };
