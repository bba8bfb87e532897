import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const PACKAGE_NAME = 'probed';

interface PackageFile {
  readonly name?: string;
  readonly version: string;
}

/** The folder of our package.json, from wherever this file was compiled to. */
export function packageRoot(): string {
  return located().folder;
}

export function packageVersion(): string {
  return located().version;
}

function located(): { folder: string; version: string } {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name, version } = JSON.parse(readFileSync(file, 'utf8')) as PackageFile;
      if (name === PACKAGE_NAME) return { folder, version };
    }
    if (dirname(folder) === folder) throw new Error(`no package.json of ${PACKAGE_NAME} above ${__dirname}`);
  }
}
