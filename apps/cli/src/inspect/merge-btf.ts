import { Btf, mergeBtf } from '@probed/btf';
import { orFail } from '../errors';
import { btfOfFile } from '../input/btf-file';
import { writeOutputFile } from '../output/output-file';
import { Printer } from '../output/printer';

export interface MergeBtfOptions {
  readonly base?: string;
  readonly json?: boolean;
}

/** `probectl btf merge`, and `btf dedup` of one file. */
export function mergeFiles(output: string, files: readonly string[], options: MergeBtfOptions): void {
  const base = options.base === undefined ? undefined : btfOfFile(options.base);
  const parts = files.map((file) => btfOfFile(file, base));
  const bytes = orFail(mergeBtf(parts, base));
  const merged = orFail(Btf.parse(bytes, base));
  writeOutputFile(output, bytes);
  const before = parts.reduce((sum, part) => sum + part.typeCount - part.firstId, 0);
  const types = merged.typeCount - merged.firstId;
  const printer = new Printer(options.json === true);
  printer.text(`${output}: ${types} types of ${before}, ${bytes.length} bytes`);
  printer.document({ output, files, types_before: before, types, bytes: bytes.length });
}
