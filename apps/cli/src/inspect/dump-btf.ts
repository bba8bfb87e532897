import { loadKernelImage } from '@probed/assets';
import { type Btf, dumpC, dumpRaw, typeDocument } from '@probed/btf';
import { fail, failUsage, orFail } from '../errors';
import { btfOfFile } from '../input/btf-file';
import { TextWriter } from '../output/text-writer';

const FORMATS = ['c', 'raw', 'json'] as const;
type Format = (typeof FORMATS)[number];

export interface DumpBtfOptions {
  readonly format?: Format;
  readonly json?: boolean;
  readonly btf?: string;
  readonly base?: string;
  readonly rootId?: readonly string[];
  readonly unsorted?: boolean;
}

/** What to dump, from whichever order of words. */
interface DumpRequest extends DumpBtfOptions {
  readonly file?: string;
}

/** Reads `FILE`, or bpftool's `file FILE format c unsorted root_id 3`. */
export function readDumpWords(
  file: string | undefined,
  words: readonly string[],
  options: DumpBtfOptions,
): DumpRequest {
  if (words.length === 0) return { ...options, ...(file !== undefined && { file }) };
  if (file !== 'file') failUsage(`one file is dumped, or: file ${file} ${words.join(' ')}`);
  let request: DumpRequest = { format: 'raw', ...options, file: words[0] };
  for (let i = 1; i < words.length; i++) {
    const word = words[i];
    const value = words[i + 1];
    if (word === 'unsorted') request = { ...request, unsorted: true };
    else if (word === 'format') {
      const format = FORMATS.find((known) => known === value);
      if (!format) failUsage(`format ${value ?? '(none)'} is not one of ${FORMATS.join(', ')}`);
      request = { ...request, format };
      i++;
    } else if (word === 'root_id' && value !== undefined) {
      request = { ...request, rootId: [...(request.rootId ?? []), value] };
      i++;
    } else failUsage(`'${word}' is no word of btf dump`, 'file FILE [format FORMAT [unsorted]] [root_id ID]');
  }
  return request;
}

/** `probectl btf dump`. */
export async function dumpBtf(request: DumpRequest): Promise<void> {
  const { file, btf: kernel, base, unsorted } = request;
  if (file !== undefined && kernel !== undefined) failUsage('give a file or --btf, not both');
  const path = file ?? kernel;
  if (base !== undefined && path === undefined) failUsage('--base goes with a file of split BTF');
  const btf =
    path === undefined
      ? loadKernelImage().btf
      : btfOfFile(path, base === undefined ? undefined : btfOfFile(base));
  const roots = request.rootId?.map((word) => readRoot(btf, word));
  const format = request.json ? 'json' : (request.format ?? 'c');
  const writer = new TextWriter();
  if (format === 'c') await writer.write(orFail(dumpC(btf, { sorted: !unsorted, ...(roots && { roots }) })));
  else if (format === 'raw') await writer.writeLines(dumpRaw(btf, roots ?? ownIds(btf)));
  else await writer.writeLines(documents(btf, roots ?? ownIds(btf)));
}

function readRoot(btf: Btf, word: string): number {
  const id = Number(word);
  if (!btf.has(id)) fail('btf-type', `there is no type ${word}, the last is ${btf.typeCount - 1}`);
  return id;
}

/** Of split BTF, its own types. */
function* ownIds(btf: Btf): Generator<number> {
  for (let id = btf.firstId; id < btf.typeCount; id++) yield id;
}

function* documents(btf: Btf, ids: Iterable<number>): Generator<string> {
  for (const id of ids) yield JSON.stringify(typeDocument(btf, id));
}
