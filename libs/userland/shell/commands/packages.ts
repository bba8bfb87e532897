import { O, strerror } from '@probed/abi';
import type { Sys, UserContext } from '@probed/system';
import { httpRequest } from '../os/http';
import { readText, writeAll } from '../os/io';
import { loadLocale } from '../os/locale';
import type { ToolRun, ToolTable } from './tool';

const EACCES = -13;
const FAILED = 100;
const LOCKS = ['/var/lib/dpkg/lock-frontend', '/var/lib/dpkg/lock'];

/** One line of sources.list. */
interface Source {
  readonly host: string;
  readonly path: string;
  readonly suite: string;
}

function parseSources(text: string): Source[] {
  return text.split('\n').flatMap((line) => {
    const match = /^deb\s+(?:\[[^\]]*\]\s+)?https?:\/\/([^/\s]+)(\/\S*)\s+(\S+)/.exec(line.trim());
    return match ? [{ host: match[1], path: match[2], suite: match[3] }] : [];
  });
}

/** apt's beginning: its configuration, the status of what is installed. */
function* startUp(u: UserContext): Sys<void> {
  yield* loadLocale(u);
  for (const path of ['/etc/apt/apt.conf', '/etc/apt/apt.conf.d', '/etc/dpkg/dpkg.cfg']) {
    const fd = yield* u.open(path, O.RDONLY | O.CLOEXEC);
    if (fd >= 0) yield* u.close(fd);
  }
  yield* u.cpu(9_000_000);
}

/** @returns the errno of the first lock that cannot be had, 0 when all are held */
function* takeLocks(u: UserContext, locks: readonly string[]): Sys<readonly [string, number]> {
  for (const path of locks) {
    const fd = yield* u.open(path, O.RDWR | O.CREAT | O.NOFOLLOW, 0o640);
    if (fd < 0) return [path, fd];
    yield* u.fcntl(fd, 6, u.room(32));
  }
  return ['', 0];
}

function* lockFailure(u: UserContext, [path, error]: readonly [string, number]): Sys {
  const root = u.task.cred.ids.euid === 0;
  const what = path.includes('dpkg') ? 'dpkg frontend lock' : 'lock';
  yield* writeAll(u, 2, `E: Could not open lock file ${path} - open (${-error}: ${strerror(error)})\n`);
  const hint = error === EACCES && !root ? ', are you root?' : '';
  yield* writeAll(u, 2, `E: Unable to acquire the ${what} (${path})${hint}\n`);
  return FAILED;
}

function* update(run: ToolRun): Sys {
  const { u } = run;
  const locked = yield* takeLocks(u, ['/var/lib/apt/lists/lock']);
  if (locked[1] < 0) return yield* lockFailure(u, locked);
  const sources = parseSources((yield* readText(u, '/etc/apt/sources.list')) ?? '');
  let failed = 0;
  for (const [i, { host, path, suite }] of sources.entries()) {
    const url = `http://${host}${path} ${suite} InRelease`;
    const target = { scheme: 'http', host, port: 80, path: `${path}/dists/${suite}/InRelease` } as const;
    const result = yield* httpRequest(u, target, {
      method: 'GET',
      headers: [['User-Agent', 'Debian APT-HTTP/1.3 (2.6.1)']],
      body: undefined,
    });
    const problem =
      'kind' in result
        ? result.kind === 'resolve'
          ? `Temporary failure resolving '${host}'`
          : `Could not connect to ${host}:80`
        : result.body.includes(0x2d) && new TextDecoder().decode(result.body).startsWith('-----BEGIN PGP')
          ? undefined
          : 'Clearsigned file is not valid, got NOSPLIT (does the network require authentication?)';
    run.print(`${problem ? 'Err' : 'Get'}:${i + 1} ${url}\n${problem ? `  ${problem}\n` : ''}`);
    yield* run.flush();
    if (problem) {
      failed++;
      yield* writeAll(
        u,
        2,
        `W: Failed to fetch http://${host}${path}/dists/${suite}/InRelease  ${problem}\n`,
      );
    }
  }
  run.print('Reading package lists... Done\n');
  yield* run.flush();
  if (failed > 0)
    yield* writeAll(
      u,
      2,
      'W: Some index files failed to download. They have been ignored, or old ones used instead.\n',
    );
  return failed > 0 && run.name === 'apt-get' ? FAILED : 0;
}

function* install(run: ToolRun, names: readonly string[]): Sys {
  const { u } = run;
  const locked = yield* takeLocks(u, LOCKS);
  if (locked[1] < 0) return yield* lockFailure(u, locked);
  yield* readText(u, '/var/lib/dpkg/status');
  yield* readText(u, '/etc/apt/sources.list');
  run.print(
    'Reading package lists... Done\nBuilding dependency tree... Done\nReading state information... Done\n',
  );
  yield* run.flush();
  for (const name of names) yield* writeAll(u, 2, `E: Unable to locate package ${name}\n`);
  if (names.length > 0) return FAILED;
  run.print('0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n');
  return 0;
}

function* apt(run: ToolRun): Sys {
  yield* startUp(run.u);
  const [action, ...names] = run.args.filter((arg) => !arg.startsWith('-'));
  if (run.name === 'apt')
    yield* writeAll(
      run.u,
      2,
      '\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n',
    );
  if (action === 'update') return yield* update(run);
  if (action === 'install') return yield* install(run, names);
  if (action === 'upgrade' || action === 'dist-upgrade' || action === 'autoremove' || action === 'clean')
    return yield* install(run, []);
  if (action === 'remove' || action === 'purge') {
    const locked = yield* takeLocks(run.u, LOCKS);
    if (locked[1] < 0) return yield* lockFailure(run.u, locked);
    for (const name of names) yield* writeAll(run.u, 2, `E: Unable to locate package ${name}\n`);
    return names.length > 0 ? FAILED : 0;
  }
  if (action === undefined) {
    run.print(`${run.name} 2.6.1 (amd64)\nUsage: ${run.name} [options] command\n`);
    return 0;
  }
  yield* writeAll(run.u, 2, `E: Invalid operation ${action}\n`);
  return FAILED;
}

/** Alpine's package manager, which has no database in a Debian container. */
function* apk(run: ToolRun): Sys {
  const [action, ...names] = run.args.filter((arg) => !arg.startsWith('-'));
  const locked = yield* takeLocks(run.u, ['/lib/apk/db/lock']);
  if (locked[1] < 0) {
    yield* writeAll(
      run.u,
      2,
      `ERROR: Unable to lock database: ${strerror(locked[1])}\nERROR: Failed to open apk database: ${strerror(locked[1])}\n`,
    );
    return 99;
  }
  if (action !== 'add') return 0;
  for (const name of names)
    yield* writeAll(
      run.u,
      2,
      `ERROR: unable to select packages:\n  ${name} (no such package):\n    required by: world[${name}]\n`,
    );
  return names.length;
}

export const PACKAGES: ToolTable = { 'apt-get': apt, apt, apk };
