import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const EXAMPLES = join(__dirname, '../../examples');

/** The objects of `examples/` and of the folders in `PROBED_DIFFERENTIAL_OBJECTS` (separated by `:`), sorted. */
export function objectFiles(): string[] {
  const folders = [EXAMPLES, ...(process.env['PROBED_DIFFERENTIAL_OBJECTS']?.split(':') ?? [])];
  return folders
    .flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.o'))
        .map((name) => join(folder, name)),
    )
    .sort();
}
