import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { StartFault } from '../config/config';

/** By which clients on this machine find the daemon. */
export interface DaemonFile {
  readonly url: string;
  readonly pid: number;
  readonly version: string;
  readonly started_at: string;
}

const FOLDER_MODE = 0o700;
const SECRET_MODE = 0o600;
const TOKEN_BYTES = 32;
/** What `randomBytes(32)` gives in base64url. */
const TOKEN_PATTERN = /^[\w-]{43}$/;

/** The daemon's folder: database, admin token, and where clients find us. */
export class StateDir {
  readonly database: string;
  readonly lockFile: string;
  private readonly tokenFile: string;
  private readonly daemonFile: string;

  private constructor(readonly folder: string) {
    this.database = join(folder, 'probed.db');
    this.lockFile = join(folder, 'probed.lock');
    this.tokenFile = join(folder, 'admin.token');
    this.daemonFile = join(folder, 'daemon.json');
  }

  /** Creates the folder if it is not there. @throws StartFault it can't be written */
  static open(folder: string): StateDir {
    try {
      mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
      accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
      return new StateDir(folder);
    } catch (error) {
      throw stateFault(folder, error);
    }
  }

  /** The admin token; made at the first start, readable by its owner only. @throws StartFault */
  adminToken(): string {
    try {
      return this.readToken() ?? this.makeToken();
    } catch (error) {
      if (error instanceof StartFault) throw error;
      throw stateFault(this.tokenFile, error);
    }
  }

  /** Says where we listen. Readers see the old file or the new one, never half of one. @throws StartFault */
  announce(file: DaemonFile): void {
    try {
      this.write(this.daemonFile, `${JSON.stringify(file, null, 2)}\n`);
    } catch (error) {
      throw stateFault(this.daemonFile, error);
    }
  }

  /** We listen no more. A file that another daemon has written since stays. */
  retract(): void {
    try {
      const { pid } = JSON.parse(readFileSync(this.daemonFile, 'utf8')) as DaemonFile;
      if (pid === process.pid) rmSync(this.daemonFile, { force: true });
    } catch {
      // Gone already, or not ours to read.
    }
  }

  private readToken(): string | undefined {
    let text: string;
    try {
      text = readFileSync(this.tokenFile, 'utf8').trim();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
    if (!TOKEN_PATTERN.test(text)) {
      throw new StartFault(`${this.tokenFile} holds no token; remove it and a new one is made`, 1);
    }
    if (statSync(this.tokenFile).mode & 0o077) chmodSync(this.tokenFile, SECRET_MODE);
    return text;
  }

  private makeToken(): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    this.write(this.tokenFile, `${token}\n`);
    return token;
  }

  private write(file: string, text: string): void {
    const draft = `${file}.${process.pid}`;
    rmSync(draft, { force: true });
    writeFileSync(draft, text, { mode: SECRET_MODE, flag: 'wx' });
    renameSync(draft, file);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be written by this user',
  EPERM: 'may not be written by this user',
  EROFS: 'is on a read-only file system',
  ENOTDIR: 'is below something that is no folder',
  EEXIST: 'is no folder',
  ENOSPC: 'is on a full disk',
};

/** @param error of a file operation in the state directory */
export function stateFault(path: string, error: unknown): StartFault {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? `can't be used: ${message}`;
  return new StartFault(`state directory: ${path} ${reason}; choose another: --state-dir FOLDER`, 1);
}
