import type { RequestOf, ResponseOf } from '@probed/protocol';
import { errorOfBody, unreachable } from './api-error';
import { OPERATIONS, type UsedOperation } from './operations';

const PREFIX = 'api/v1';

export interface ApiOptions {
  readonly token: string;
  /** The token is none, or no longer one. */
  readonly onUnauthorized?: () => void;
  readonly fetch?: typeof fetch;
}

type Parts = { params?: Record<string, unknown>; query?: Record<string, unknown>; body?: unknown };

/** The daemon's REST API, typed by the protocol. */
export class Api {
  private readonly fetch: typeof fetch;

  constructor(private readonly options: ApiOptions) {
    this.fetch = options.fetch ?? ((input, init) => fetch(input, init));
  }

  /** @throws ApiError when the daemon refuses or does not answer */
  async call<O extends UsedOperation>(operation: O, request: RequestOf<O> = {}): Promise<ResponseOf<O>> {
    const { method, path } = OPERATIONS[operation];
    const parts = request as Parts;
    const response = await this.send(addressOf(path, parts), { method, ...bodyOf(parts.body) });
    const body = await response.json().catch(() => undefined);
    if (response.ok) return body as ResponseOf<O>;
    if (response.status === 401) this.options.onUnauthorized?.();
    throw errorOfBody(response.status, body);
  }

  private async send(
    address: string,
    init: RequestInit & { headers: Record<string, string> },
  ): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${this.options.token}` };
    try {
      return await this.fetch(address, { ...init, headers });
    } catch {
      throw unreachable();
    }
  }
}

/** Relative to the page, with `{id}` filled in and what is undefined left out of the query. */
export function addressOf(path: string, { params = {}, query = {} }: Parts): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  );
  const search = new URLSearchParams(given).toString();
  return `${PREFIX}${filled}${search && `?${search}`}`;
}

function bodyOf(body: unknown): { headers: Record<string, string>; body?: BodyInit } {
  if (body === undefined) return { headers: {} };
  if (body instanceof Uint8Array)
    return { headers: { 'content-type': 'application/octet-stream' }, body: body as Uint8Array<ArrayBuffer> };
  return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
