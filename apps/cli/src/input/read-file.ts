import { readFileSync, statSync } from 'node:fs';
import { errnoName } from '@probed/abi';
import { diagnostic, err, ok, type Result } from '@probed/base';

/** Far more than any object or table that we read; keeps a disk image given by mistake out of memory. */
const BYTES_MAX = 64 * 1024 * 1024;

/** Contents of a regular file. Errors: `file-unreadable`, in one line with the file's name. */
export function readInputFile(path: string): Result<Uint8Array> {
  const fault = (message: string, errno?: number) =>
    err(diagnostic('file-unreadable', message, { where: path, errno }));
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return fault('is a directory, a file is wanted', 21);
    if (stat.size > BYTES_MAX) return fault(`has ${stat.size} bytes, at most ${BYTES_MAX} are read`, 27);
    return ok(readFileSync(path));
  } catch (error) {
    const { errno = 0, message } = error as NodeJS.ErrnoException;
    const name = errnoName(errno);
    return fault(name === 'ENOENT' ? 'no such file' : message, Math.abs(errno) || undefined);
  }
}
