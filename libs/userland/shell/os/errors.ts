import { errnoName, strerror } from '@probed/abi';

/** A failed file operation as Node reports it, which is what just-bash's tools look at. */
export class FileError extends Error {
  readonly code: string;

  /** @param errno negative, as system calls give it */
  constructor(
    readonly errno: number,
    operation: string,
    readonly path: string,
  ) {
    const code = errnoName(errno) ?? 'EIO';
    super(`${code}: ${strerror(errno).toLowerCase()}, ${operation} '${path}'`);
    this.code = code;
    this.name = 'Error';
  }
}
