import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationId, RequestOf, ResponseOf, Route } from '@probed/protocol';
import { errorBody, ROUTES } from '@probed/protocol';
import { CommandError, fail } from '../errors';
import { Progress } from '../output/progress';
import {
  type DaemonAddress,
  type DaemonOptions,
  daemonAddress,
  TOKEN_HINT,
  unreachable,
} from './daemon-address';

const PREFIX = '/api/v1';
const TIMEOUT_MS = 15_000;
const PROGRESS_EVERY_MS = 250;

interface CallOptions {
  readonly timeoutMs?: number;
  /** What is waited for, told on a terminal after a second. */
  readonly doing?: string;
}

/** The daemon's REST API; refusals end the command with what the server said. */
export class DaemonClient {
  constructor(readonly address: DaemonAddress) {}

  static open(options: DaemonOptions): DaemonClient {
    return new DaemonClient(daemonAddress(options));
  }

  /** Does one operation of the API. */
  async call<O extends OperationId>(
    operation: O,
    request: RequestOf<O> = {},
    options: CallOptions = {},
  ): Promise<ResponseOf<O>> {
    const route: Route = ROUTES[operation];
    const done = new AbortController();
    const progress = showProgress(options.doing ?? route.summary.toLowerCase(), done.signal);
    try {
      return (await this.send(
        route,
        request as AnyRequest,
        options.timeoutMs ?? TIMEOUT_MS,
      )) as ResponseOf<O>;
    } finally {
      done.abort();
      await progress;
    }
  }

  private async send(route: Route, request: AnyRequest, timeoutMs: number): Promise<unknown> {
    const url = this.address.url + PREFIX + pathOf(route, request);
    const response = await this.fetch(url, {
      method: route.method,
      headers: this.headers(request.body !== undefined),
      signal: AbortSignal.timeout(timeoutMs),
      ...(request.body !== undefined && { body: JSON.stringify(request.body) }),
    });
    const text = await this.answered(response.text());
    if (!response.ok) throw new CommandError(refusal(response.status, text));
    return this.parsed(text);
  }

  private fetch(url: string, init: RequestInit): Promise<Response> {
    return this.answered(fetch(url, init));
  }

  /** Network faults in one line. */
  private async answered<T>(promise: Promise<T>): Promise<T> {
    try {
      return await promise;
    } catch (error) {
      const { name, message, cause } = error as Error & { cause?: NodeJS.ErrnoException };
      if (name === 'TimeoutError') {
        return fail('time-out', `the daemon at ${this.address.url} does not answer in time`, {
          errno: 110,
          hint: 'see: probectl status',
        });
      }
      return unreachable(this.address, cause?.code ?? cause?.message ?? message);
    }
  }

  private headers(json: boolean): Record<string, string> {
    const { token } = this.address;
    return {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(json && { 'content-type': 'application/json' }),
    };
  }

  private parsed(text: string): unknown {
    try {
      return text === '' ? {} : JSON.parse(text);
    } catch {
      return fail('not-a-daemon', `what answers at ${this.address.url} is no daemon of ours`);
    }
  }
}

interface AnyRequest {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function pathOf(route: Route, { params = {}, query = {} }: AnyRequest): string {
  const path = route.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(params[name])),
  );
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return path;
  return `${path}?${new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]))}`;
}

const HINTS: Readonly<Record<number, string>> = {
  401: TOKEN_HINT,
  503: 'try again; see: probectl status',
};

/** A response of status 400 and more as a fault: the server's words where it is ours. */
function refusal(status: number, text: string) {
  const body = errorBody.safeParse(jsonOf(text));
  if (!body.success) {
    return {
      code: `http-${status}`,
      message: `the server answers with status ${status}`,
      hint: HINTS[status],
    };
  }
  const { error } = body.data;
  return { ...error, hint: error.hint === undefined ? HINTS[status] : inOurWords(error.hint) };
}

/** Our commands for operations of the API that the server's hints name. */
const COMMANDS: Readonly<Record<string, string>> = {
  'GET /api/v1/objects': 'probectl object list',
  'GET /api/v1/programs': 'probectl prog list',
  'GET /api/v1/maps': 'probectl map list',
  'GET /api/v1/links': 'probectl link list',
  'GET /api/v1/exec-sessions': 'probectl sessions',
  'GET /api/v1/health': 'probectl status',
  'POST /api/v1/workload/start': 'probectl workload start',
  'DELETE /api/v1/bpffs/pins': 'probectl unpin',
};

function inOurWords(hint: string): string {
  return hint.replace(
    /\b((?:GET|POST|DELETE) \/api\/v1\/[\w/-]+)(?:\?path=(\S+))?/g,
    (text, operation, path) => {
      const command = COMMANDS[operation];
      if (command === undefined) return text;
      return path === undefined ? `\`${command}\`` : `\`${command} ${path}\``;
    },
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps a line on the terminal up to date until the work is done. */
async function showProgress(doing: string, done: AbortSignal): Promise<void> {
  const progress = new Progress();
  const since = performance.now();
  try {
    while (!done.aborted) {
      await sleep(PROGRESS_EVERY_MS, undefined, { signal: done });
      progress.update(() => `${doing} … ${((performance.now() - since) / 1e3).toFixed(0)} s`);
    }
  } catch {
    // The work is done.
  } finally {
    progress.clear();
  }
}
