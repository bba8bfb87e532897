import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Why a request is not served; `status` is the HTTP status, the rest goes into the body. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly code: 'foreign-host' | 'foreign-origin' | 'unauthorized';
  readonly message: string;
  readonly hint: string;
}

/** What may ask besides loopback. */
export interface AccessOptions {
  readonly token: string;
  /** Address that the server is bound to. */
  readonly host: string;
  /** `NAME` (any port) or `NAME:PORT`, as in a Host header. */
  readonly allowHosts: readonly string[];
  /** Origins of web pages, e.g. `https://ops.example.com`. */
  readonly allowOrigins: readonly string[];
}

const HTTP_PORT = 80;
/** Addresses that stand for "all of this machine's": no name for it follows from them. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '[::]']);
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '[::1]']);
const LOOPBACK_V4 = /^127(\.\d{1,3}){3}$/;

/**
 * Who may use the daemon. Any web page can make a browser send requests to loopback, so being local proves nothing:
 * the Host must be ours (against DNS rebinding), an Origin must be ours, and the API wants the admin token.
 */
export class AccessControl {
  private readonly tokenDigest: Buffer;
  private readonly allowHosts: ReadonlySet<string>;
  private readonly allowOrigins: ReadonlySet<string>;
  private readonly boundHost: string;
  private port = 0;

  constructor(options: AccessOptions) {
    this.tokenDigest = digest(options.token);
    this.allowHosts = new Set(options.allowHosts.map((host) => host.toLowerCase()));
    this.allowOrigins = new Set(options.allowOrigins.map((origin) => origin.toLowerCase()));
    this.boundHost = urlHost(options.host.toLowerCase());
  }

  /** The port that the server got. */
  listenOn(port: number): void {
    this.port = port;
  }

  /** Whether Host and Origin of a request, or of a WebSocket handshake, are ours. */
  checkOrigin(headers: IncomingHttpHeaders): Refusal | undefined {
    const host = (headers.host ?? '').toLowerCase();
    if (!this.isOurHost(host)) return foreignHost(headers.host);
    const { origin } = headers;
    if (origin === undefined) return undefined;
    const ours = origin.toLowerCase() === `http://${host}`;
    return ours || this.allowOrigins.has(origin.toLowerCase()) ? undefined : foreignOrigin(origin);
  }

  /** Whether this is the admin token. The time it takes does not depend on how much of it is right. */
  checkToken(token: unknown): boolean {
    return typeof token === 'string' && timingSafeEqual(digest(token), this.tokenDigest);
  }

  /** Whether an `Authorization` header carries the admin token. */
  checkAuthorization(header: string | undefined): Refusal | undefined {
    const bearer = /^Bearer +([\w.~+/-]+=*) *$/i.exec(header ?? '');
    if (bearer && this.checkToken(bearer[1])) return undefined;
    return unauthorized(header === undefined ? 'this needs the admin token' : 'not the admin token');
  }

  private isOurHost(host: string): boolean {
    const parsed = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d{1,5}))?$/.exec(host);
    if (!parsed) return false;
    const [, name, port = String(HTTP_PORT)] = parsed;
    if (this.allowHosts.has(name) || this.allowHosts.has(`${name}:${port}`)) return true;
    return Number(port) === this.port && this.isOurName(name);
  }

  private isOurName(name: string): boolean {
    if (LOOPBACK_NAMES.has(name) || LOOPBACK_V4.test(name)) return true;
    return name === this.boundHost && !WILDCARDS.has(name);
  }
}

/** An address as URLs and Host headers write it: IPv6 in brackets. */
export function urlHost(address: string): string {
  return address.includes(':') && !address.startsWith('[') ? `[${address}]` : address;
}

/** Digests have one length, which `timingSafeEqual` asks for. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}

function foreignHost(host: string | undefined): Refusal {
  return {
    status: 403,
    code: 'foreign-host',
    message: host ? `Host ${JSON.stringify(host)} is not this daemon` : 'the request names no Host',
    hint: 'use http://127.0.0.1:PORT, or start the daemon with --allow-host NAME',
  };
}

function foreignOrigin(origin: string): Refusal {
  return {
    status: 403,
    code: 'foreign-origin',
    message: `requests from pages of ${JSON.stringify(origin)} are not served`,
    hint: 'start the daemon with --allow-origin URL if that page is yours',
  };
}

function unauthorized(message: string): Refusal {
  return {
    status: 401,
    code: 'unauthorized',
    message,
    hint: 'send "Authorization: Bearer TOKEN" with the content of admin.token in the state directory',
  };
}
