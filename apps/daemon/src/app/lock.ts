import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { StartFault } from '../config/config';
import { stateFault } from './state-dir';

interface Owner {
  readonly pid: number;
  /** Tells a process from a later one of the same pid; absent where the system does not say. */
  readonly begun?: string;
}

const ATTEMPTS = 3;
/** Place of `starttime` in /proc/PID/stat, counted after the command name. */
const STARTTIME_FIELD = 19;
/** `Z`: it is dead, and its parent has not asked for its status. */
const STATE_FIELD = 0;

/**
 * Keeps a second daemon out of a state directory. The file names its owner; when that process is no more, as after
 * kill -9, the lock is taken over.
 *
 * @returns gives the lock back
 * @throws StartFault another daemon holds it, or the file can't be written
 */
export function takeLock(file: string): () => void {
  const ours = JSON.stringify(self());
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (create(file, ours)) return () => release(file, ours);
    const text = read(file);
    if (text === undefined) continue;
    const owner = parse(text);
    if (owner && isAlive(owner)) throw heldBy(file, owner);
    removeStale(file, text);
  }
  throw heldBy(file, parse(read(file) ?? ''));
}

function create(file: string, text: string): boolean {
  try {
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw stateFault(file, error);
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Moves the stale lock away. Should another daemon have replaced it meanwhile, its lock is put back. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readFileSync(aside, 'utf8') !== stale) linkSync(aside, file);
    rmSync(aside, { force: true });
  } catch {
    // Somebody else was quicker; the next attempt sees what is there.
  }
}

function release(file: string, ours: string): void {
  if (read(file) === ours) rmSync(file, { force: true });
}

function parse(text: string): Owner | undefined {
  try {
    const { pid, begun } = JSON.parse(text) as Partial<Owner>;
    return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 ? { pid, begun } : undefined;
  } catch {
    return undefined;
  }
}

function self(): Owner {
  return { pid: process.pid, begun: begunAt(process.pid) };
}

function isAlive({ pid, begun }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (statFields(pid)?.[STATE_FIELD] === 'Z') return false;
  const now = begunAt(pid);
  if (begun === undefined || now === undefined) return pid !== process.pid;
  return begun === now;
}

/** When a process began, in ticks since boot, on Linux. */
function begunAt(pid: number): string | undefined {
  return statFields(pid)?.[STARTTIME_FIELD];
}

/** What follows the name in /proc/PID/stat; undefined where there is no such file. */
function statFields(pid: number): readonly string[] | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function heldBy(file: string, owner: Owner | undefined): StartFault {
  const who = owner ? `pid ${owner.pid}` : 'another process';
  return new StartFault(
    `another daemon (${who}) uses this state directory, see ${file}; stop it, or choose another: --state-dir FOLDER`,
    1,
  );
}
