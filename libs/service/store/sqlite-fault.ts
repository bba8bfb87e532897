import type { Diagnostic } from '@probed/base';

interface FaultText {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const WRITABLE = 'make the file and its folder readable and writable for the user that runs probed';

/**
 * SQLite's result codes that come from the outside (https://www.sqlite.org/rescode.html), by their beginning: an
 * extended code such as SQLITE_IOERR_WRITE falls to SQLITE_IOERR. What is not here is a fault of ours.
 */
const FAULTS: Readonly<Record<string, FaultText>> = {
  SQLITE_FULL: {
    code: 'store-full',
    message: 'there is no space left to write to',
    hint: 'free some on its disk; writing goes on by itself',
  },
  SQLITE_IOERR: {
    code: 'store-io',
    message: 'the disk gives an error on reading or writing',
    hint: 'see the log of the operating system for its disk',
  },
  SQLITE_READONLY: { code: 'store-readonly', message: 'it cannot be written', hint: WRITABLE },
  SQLITE_CANTOPEN: { code: 'store-unopened', message: 'it cannot be opened', hint: WRITABLE },
  SQLITE_PERM: { code: 'store-unopened', message: 'access is denied', hint: WRITABLE },
  SQLITE_BUSY: {
    code: 'store-busy',
    message: 'another process keeps it locked',
    hint: 'end the other process or its transaction; writing goes on by itself',
  },
  SQLITE_LOCKED: {
    code: 'store-busy',
    message: 'another process keeps it locked',
    hint: 'end the other process or its transaction; writing goes on by itself',
  },
  SQLITE_PROTOCOL: {
    code: 'store-busy',
    message: 'other processes keep it locked',
    hint: 'end the other processes that have it open',
  },
  SQLITE_NOMEM: {
    code: 'store-memory',
    message: 'there is no memory left for it',
    hint: 'free some memory, or give the process more',
  },
  SQLITE_TOOBIG: {
    code: 'store-too-big',
    message: 'a value is larger than a database can hold (1 GB)',
    hint: 'store less in one piece',
  },
  SQLITE_CORRUPT: {
    code: 'store-damaged',
    message: 'the database is damaged',
    hint: 'it is moved aside when probed opens it again',
  },
  SQLITE_NOTADB: {
    code: 'store-damaged',
    message: 'it is no SQLite database',
    hint: 'it is moved aside when probed opens it again',
  },
};

/** Codes of system calls on the file and its folder, with the SQLite code that means the same. */
const SYSTEM_FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'SQLITE_PERM',
  EPERM: 'SQLITE_PERM',
  EROFS: 'SQLITE_READONLY',
  ENOSPC: 'SQLITE_FULL',
  EDQUOT: 'SQLITE_FULL',
  EIO: 'SQLITE_IOERR',
  ENOTDIR: 'SQLITE_CANTOPEN',
  EISDIR: 'SQLITE_CANTOPEN',
  EEXIST: 'SQLITE_CANTOPEN',
  ENOENT: 'SQLITE_CANTOPEN',
};

/**
 * What a user should see of an error that SQLite or the file system gave.
 * @returns undefined when the error is a fault of ours
 */
export function sqliteDiagnostic(error: unknown, file: string): Diagnostic | undefined {
  const code = errorCode(error);
  if (code === undefined) return undefined;
  const [, primary] = /^(SQLITE_[A-Z]+)/.exec(SYSTEM_FAULTS[code] ?? code) ?? [];
  const fault = primary === undefined ? undefined : FAULTS[primary];
  return fault && { code: fault.code, message: `${fault.message} [${code}]`, where: file, hint: fault.hint };
}

/** `SQLITE_…`, `E…`, or nothing. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
