import { writeFileSync } from 'node:fs';
import { fail } from '../errors';

/** Writes a result to the file that the user named. */
export function writeOutputFile(path: string, bytes: Uint8Array): void {
  try {
    writeFileSync(path, bytes);
  } catch (cause) {
    fail('file-unwritable', cause instanceof Error ? cause.message : String(cause), { where: path });
  }
}
