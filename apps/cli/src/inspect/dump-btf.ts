import { loadKernelImage } from '@probed/assets';
import { type Btf, dumpC, dumpRaw } from '@probed/btf';
import { failUsage, orFail } from '../errors';
import { btfOfFile } from '../input/btf-file';
import { TextWriter } from '../output/text-writer';

export interface DumpBtfOptions {
  readonly format: 'c' | 'raw' | 'json';
  readonly json?: boolean;
  readonly btf?: string;
}

/** `probectl btf dump`. */
export async function dumpBtf(file: string | undefined, options: DumpBtfOptions): Promise<void> {
  if (file !== undefined && options.btf !== undefined) failUsage('give a file or --btf, not both');
  const path = file ?? options.btf;
  const btf = path === undefined ? loadKernelImage().btf : btfOfFile(path);
  const format = options.json ? 'json' : options.format;
  const writer = new TextWriter();
  // A header is made to be included by programs, which an object's types are not.
  if (format === 'c') await writer.write(orFail(dumpC(btf, { header: file === undefined })));
  else await writer.writeLines(format === 'raw' ? dumpRaw(btf) : typeDocuments(btf));
}

function* typeDocuments(btf: Btf): Generator<string> {
  for (let id = 1; id < btf.typeCount; id++) yield JSON.stringify(btf.type(id), bigIntAsText);
}

function bigIntAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
