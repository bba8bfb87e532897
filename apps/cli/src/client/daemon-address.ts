import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, failUsage } from '../errors';

/** Options that every command takes that talks to the daemon. */
export interface DaemonOptions {
  readonly url?: string;
  readonly token?: string;
  readonly stateDir?: string;
  readonly json?: boolean;
}

/** Where the daemon listens, and what it is asked with. */
export interface DaemonAddress {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token?: string;
  /** The file that told the address; absent when the user did. */
  readonly file?: string;
}

const START_HINT = 'start one: npm start';
/** What to do about a token that is not the daemon's. */
export const TOKEN_HINT = 'give --token, or set PROBED_TOKEN, or --state-dir of the daemon';

/**
 * The daemon to talk to: `--url` and `--token`, else `PROBED_URL` and `PROBED_TOKEN`, else what a daemon wrote into its
 * state directory. Faults end the command.
 */
export function daemonAddress(options: DaemonOptions, env: NodeJS.ProcessEnv = process.env): DaemonAddress {
  const folder = stateDir(options, env);
  const file = join(folder, 'daemon.json');
  const given = options.url ?? env['PROBED_URL'];
  const token = options.token ?? env['PROBED_TOKEN'];
  const local = readDaemonFile(file);
  if (given !== undefined) {
    const url = parseUrl(given, options.url === undefined ? 'PROBED_URL' : '--url');
    // The token of the state directory goes to the daemon that wrote it and to no one else.
    const own = local !== undefined && sameServer(url, local);
    return { url, ...optionalToken(token ?? (own ? readToken(folder) : undefined)) };
  }
  if (local === undefined) {
    return fail('no-daemon', `no daemon is running (no ${file})`, { hint: START_HINT });
  }
  return { url: local, file, ...optionalToken(token ?? readToken(folder)) };
}

/** What to say when nothing answers at an address. */
export function unreachable({ url, file }: DaemonAddress, reason: string): never {
  if (file === undefined) {
    return fail('no-daemon', `no daemon answers at ${url} (${reason})`, { hint: START_HINT });
  }
  const left = `the one that wrote ${file} does not answer at ${url}: ${reason}`;
  return fail('no-daemon', `no daemon is running (${left})`, { hint: START_HINT });
}

/** `--state-dir`, `$PROBED_STATE_DIR`, `$XDG_STATE_HOME/probed`, `~/.local/state/probed`. */
function stateDir({ stateDir }: DaemonOptions, env: NodeJS.ProcessEnv): string {
  const given = stateDir ?? env['PROBED_STATE_DIR'];
  if (given) return given;
  return join(env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'probed');
}

/** URL that a daemon left in its state directory; undefined when there is no such file. */
function readDaemonFile(file: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    return fail('file-unreadable', message, { where: file });
  }
  const url = urlIn(text);
  if (url !== undefined) return url;
  return fail('file-malformed', 'does not tell the address of a daemon', {
    where: file,
    hint: 'restart the daemon, or give --url',
  });
}

function urlIn(text: string): string | undefined {
  try {
    const { url } = JSON.parse(text) as { url?: unknown };
    return typeof url === 'string' ? new URL(url).origin : undefined;
  } catch {
    return undefined;
  }
}

function readToken(folder: string): string | undefined {
  const file = join(folder, 'admin.token');
  try {
    return readFileSync(file, 'utf8').trim() || undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    return fail('file-unreadable', message, { where: file, hint: 'give --token, or set PROBED_TOKEN' });
  }
}

function optionalToken(token: string | undefined): { token?: string } {
  return token === undefined ? {} : { token };
}

function parseUrl(text: string, where: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.origin;
  return failUsage(`${where}: ${text} is no URL of a daemon`, 'e.g. http://127.0.0.1:8686');
}

const LOOPBACK = /^(127(\.\d+){3}|localhost|\[::1\])$/;

function sameServer(one: string, other: string): boolean {
  const [a, b] = [new URL(one), new URL(other)];
  const sameHost = a.hostname === b.hostname || (LOOPBACK.test(a.hostname) && LOOPBACK.test(b.hostname));
  return sameHost && a.port === b.port && a.protocol === b.protocol;
}
