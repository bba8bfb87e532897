import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadReferenceKernel } from '@probed/assets';
import { Printer } from '../output/printer';

/** `probectl version`. */
export function showVersion(options: { json?: boolean }): void {
  const printer = new Printer(options.json === true);
  const { release } = loadReferenceKernel();
  const version = packageVersion();
  printer.text(`probectl ${version}\nemulated kernel Linux ${release} x86_64\nNode ${process.version}`);
  printer.document({ probectl: version, kernel: release, architecture: 'x86_64', node: process.version });
}

function packageVersion(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
    if (dirname(folder) === folder) throw new Error(`no package.json above ${__dirname}`);
  }
}
