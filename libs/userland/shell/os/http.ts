import { POLL } from '@probed/abi';
import {
  connectTcp,
  resolveName,
  type Sys,
  sslHandshake,
  sslRead,
  sslWrite,
  type UserContext,
} from '@probed/system';
import { writeAll } from './io';

const RECEIVE_BYTES = 102_400;
const WAIT_MS = 30_000;
const BODY_MAX_BYTES = 16 * 1024 * 1024;
const NO_SIGNAL = 0x4000;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The parts of a URL that a request needs. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** With the query. */
  readonly path: string;
}

/** @returns undefined for what is no URL of a kind that is spoken here */
export function parseUrl(url: string): Target | undefined {
  const match = /^(?:(https?):\/\/)?(?:[^@/]*@)?([^/:?#\s]+)(?::(\d+))?([/?][^#\s]*)?(?:#.*)?$/i.exec(url);
  if (!match) return undefined;
  const scheme = (match[1]?.toLowerCase() ?? 'http') as Target['scheme'];
  const path = match[4] ?? '/';
  return {
    scheme,
    host: match[2],
    port: Number(match[3] ?? (scheme === 'https' ? 443 : 80)),
    path: path.startsWith('?') ? `/${path}` : path,
  };
}

export interface Request {
  readonly method: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | undefined;
  readonly timeoutMs?: number;
}

export interface Response {
  readonly ip: string;
  readonly status: number;
  /** First line and headers as they came. */
  readonly head: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array;
}

/** Why there is no response. */
export type HttpFailure =
  | { readonly kind: 'resolve' }
  | { readonly kind: 'connect'; readonly errno: number; readonly ip: string; readonly ms: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'timeout'; readonly ms: number };

/** One request over a connection of its own: DNS, TCP, TLS if asked for, HTTP/1.1. */
export function* httpRequest(u: UserContext, target: Target, request: Request): Sys<Response | HttpFailure> {
  const startNs = u.k.nowNs();
  const ip = yield* resolveName(u, target.host);
  if (ip === undefined) return { kind: 'resolve' };
  const fd = yield* connectTcp(u, ip, target.port);
  if (fd < 0) return { kind: 'connect', errno: fd, ip, ms: Math.round((u.k.nowNs() - startNs) / 1e6) };
  const text = requestHead(target, request);
  if (target.scheme === 'https') {
    yield* sslHandshake(u, fd);
    yield* sslWrite(u, fd, text + decoder.decode(request.body ?? new Uint8Array(0)));
  } else {
    yield* u.send(fd, text, NO_SIGNAL);
    if (request.body) yield* writeAll(u, fd, request.body);
  }
  const data = yield* receive(u, fd, target.scheme === 'https', request.timeoutMs ?? WAIT_MS);
  yield* u.close(fd);
  if (data === undefined) return { kind: 'timeout', ms: request.timeoutMs ?? WAIT_MS };
  return parseResponse(ip, data) ?? { kind: 'empty' };
}

function requestHead({ host, port, path, scheme }: Target, { method, headers, body }: Request): string {
  const standard = port === (scheme === 'https' ? 443 : 80);
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}${standard ? '' : `:${port}`}`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  if (body) lines.push(`Content-Length: ${body.length}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Reads a whole response. @returns undefined when nothing comes in time */
function* receive(u: UserContext, fd: number, tls: boolean, timeoutMs: number): Sys<Uint8Array | undefined> {
  let data = new Uint8Array(0);
  while (data.length < BODY_MAX_BYTES) {
    const ready = yield* u.poll(fd, POLL.IN, timeoutMs);
    if (ready <= 0) return data.length > 0 ? data : undefined;
    const got = tls ? yield* sslRead(u, fd, RECEIVE_BYTES) : yield* u.recv(fd, RECEIVE_BYTES);
    if (got <= 0) break;
    const next = new Uint8Array(data.length + got);
    next.set(data);
    next.set(u.peek(u.buffer, got), data.length);
    data = next;
    if (isComplete(data, tls)) break;
  }
  return data;
}

const HEAD_MAX_BYTES = 16_384;

function isComplete(data: Uint8Array, tls: boolean): boolean {
  const head = decoder.decode(data.subarray(0, HEAD_MAX_BYTES));
  const end = head.indexOf('\r\n\r\n');
  if (end < 0) return !head.startsWith('HTTP/');
  const length = /^content-length: *(\d+)/im.exec(head.slice(0, end))?.[1];
  // What a record holds is known by its plain length; padding may have taken the last bytes.
  return length === undefined
    ? tls
    : data.length >= encoder.encode(head.slice(0, end + 4)).length + Number(length) - (tls ? 64 : 0);
}

function parseResponse(ip: string, data: Uint8Array): Response | undefined {
  const text = decoder.decode(data.subarray(0, HEAD_MAX_BYTES));
  const end = text.indexOf('\r\n\r\n');
  const status = /^HTTP\/[\d.]+ (\d+)/.exec(text)?.[1];
  if (end < 0 || status === undefined) return undefined;
  const head = text.slice(0, end);
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n').slice(1)) {
    const at = line.indexOf(':');
    if (at > 0) headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  const body = data.subarray(encoder.encode(text.slice(0, end + 4)).length);
  return { ip, status: Number(status), head: `${head}\r\n\r\n`, headers, body };
}
