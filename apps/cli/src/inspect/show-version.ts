import { loadReferenceKernel } from '@probed/assets';
import { packageVersion } from '@probed/package';
import { Printer } from '../output/printer';

/** `probectl version`. */
export function showVersion(options: { json?: boolean }): void {
  const printer = new Printer(options.json === true);
  const { release } = loadReferenceKernel();
  const version = packageVersion();
  printer.text(`probectl ${version}\nemulated kernel Linux ${release} x86_64\nNode ${process.version}`);
  printer.document({ probectl: version, kernel: release, architecture: 'x86_64', node: process.version });
}
