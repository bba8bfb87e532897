import { linkObjects, parseObject } from '@probed/object';
import { orFail } from '../errors';
import { readInputFile } from '../input/read-file';
import { writeOutputFile } from '../output/output-file';
import { Printer } from '../output/printer';

export interface GenObjectOptions {
  readonly json?: boolean;
}

/** `probectl gen object`. */
export function genObject(output: string, files: readonly string[], options: GenObjectOptions): void {
  const bytes = orFail(linkObjects(files.map((name) => ({ name, bytes: orFail(readInputFile(name)) }))));
  writeOutputFile(output, bytes);
  // A library without programs is a lawful result that no loader takes.
  const object = parseObject(bytes, output);
  const programs = object.ok ? object.value.programs.map(({ name }) => name) : [];
  const maps = object.ok ? object.value.maps.map(({ name }) => name) : [];
  const printer = new Printer(options.json === true);
  printer.text(`${output}: ${count(programs, 'program')}, ${count(maps, 'map')}, ${bytes.length} bytes`);
  printer.document({ output, files, programs, maps, bytes: bytes.length });
}

function count(names: readonly string[], what: string): string {
  const shown = names.length > 0 ? ` (${names.join(', ')})` : '';
  return `${names.length} ${what}${names.length === 1 ? '' : 's'}${shown}`;
}
