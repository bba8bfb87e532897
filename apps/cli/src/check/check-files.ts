import { loadKernelImage } from '@probed/assets';
import { checkObject, type ProgramCheck } from '@probed/machine';
import type { ObjectSpec } from '@probed/object';
import { CommandFailed } from '../errors';
import { ObjectFiles } from '../input/object-file';
import { formatFault, formatLog } from '../output/fault-text';
import { note, Printer } from '../output/printer';
import { Progress } from '../output/progress';
import { checkDocuments } from './check-documents';
import { checkText } from './check-text';
import { type CheckedKernelsOptions, checkedKernels, type NamedKernel } from './checked-kernels';

export interface CheckFilesOptions extends CheckedKernelsOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** What came of one object: a list of programs a kernel, in the kernels' order. */
export interface ObjectCheck {
  readonly object: ObjectSpec;
  readonly kernels: readonly NamedKernel[];
  readonly checks: readonly (readonly ProgramCheck[])[];
}

/** `probectl prog check`. */
export async function checkFiles(files: readonly string[], options: CheckFilesOptions): Promise<void> {
  const kernels = checkedKernels(options);
  const reader = new ObjectFiles(loadKernelImage);
  const printer = new Printer(options.json === true);
  const progress = new Progress();
  const { quiet = false, verbose = false } = options;
  if (!options.json && !quiet) noteReleases(kernels);
  let failed = false;
  for (const [i, file] of files.entries()) {
    const object = await reader.read(file);
    if (!object.ok) {
      progress.clear();
      failed = true;
      note(formatFault(object.error));
      for (const line of formatLog(object.error.log ?? [], verbose)) process.stderr.write(`${line}\n`);
      continue;
    }
    progress.update(() => `checked ${i} of ${files.length} files`);
    const checks = kernels.map((kernel) => checkObject(object.value, kernel));
    progress.clear();
    const check: ObjectCheck = { object: object.value, kernels, checks };
    failed ||= checks.some((programs) => programs.some(({ verdict }) => verdict === 'fails'));
    if (!options.json && !quiet) noteConfiguration(check);
    for (const document of checkDocuments(check)) printer.document(document);
    if (!quiet) printer.text(checkText(check, { verbose, more: i + 1 < files.length }));
    await printer.drain();
  }
  progress.clear();
  await printer.drain();
  if (failed) throw new CommandFailed();
}

const CONFIGURATION = /^CONFIG_/;

/** The names of the configuration values that an object reads. */
function configurationOf({ externs }: ObjectSpec): string[] {
  return [...externs.values()]
    .filter(({ kind, name }) => kind === 'kconfig' && CONFIGURATION.test(name))
    .map(({ name }) => name);
}

/** BTF does not tell how a kernel was configured. */
function noteConfiguration({ object, kernels }: ObjectCheck): void {
  const names = configurationOf(object);
  if (names.length === 0 || kernels.every(({ file, configFrom }) => !file || configFrom === 'given')) return;
  note(
    `${object.name}: ${names.join(', ')} as the reference kernel has it; --kconfig FILE tells the kernels' own`,
  );
}

/** Said once: which kernels' releases nobody has told, since LINUX_KERNEL_VERSION depends on it. */
function noteReleases(kernels: readonly NamedKernel[]): void {
  const untold = kernels.filter(({ file, releaseFrom }) => file !== undefined && releaseFrom === 'reference');
  if (untold.length === 0) return;
  const names = untold.map(({ name }) => name).join(', ');
  note(
    `${names}: no release in the file's name, so ${untold[0].release} is taken; --btf RELEASE=FILE tells it`,
  );
}
