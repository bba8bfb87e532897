import { ByteWriter } from '@probed/base';
import { Btf, dedupBtf, type OutsideReferences } from '@probed/btf';
import { EXT_PARTS, type ExtPart, HEADER_BYTES, RECORDS, writeExtPart } from './ext-info';
import { LinkFault, refuse } from './fault';
import type { Output } from './output';

const ALIGN = 8;

/** Adds `.BTF` with the types of all inputs, each once, and `.BTF.ext`. tools/lib/bpf/linker.c: finalize_btf. */
export function finishTypes(output: Output): void {
  if (output.btf.nextId === 1) return;
  for (const { name, size, hasBtf, variables } of output.sections)
    if (hasBtf) output.btf.datasec(name, size, variables);
  const ext = collectExt(output);
  const all = Btf.parse(output.btf.finish());
  if (!all.ok) throw new LinkFault({ ...all.error, where: 'types of all files' });
  const types = dedupBtf(all.value, { keepStrings: true, outside: extReferences(ext) });
  if (!types.ok) throw new LinkFault(types.error);
  output.addRaw('.BTF', ALIGN, types.value);
  if (ext.length > 0) output.addRaw('.BTF.ext', ALIGN, encodeExt(ext));
}

/** Records of one part about one section. */
interface SectionRecords {
  readonly part: ExtPart;
  name: number;
  readonly recordBytes: number;
  readonly words: Uint32Array;
}

function collectExt(output: Output): SectionRecords[] {
  return EXT_PARTS.flatMap((part) => {
    const records: SectionRecords[] = [];
    for (const { name, ext } of output.sections) {
      const known = ext.get(part);
      if (!known) continue;
      const { recordBytes } = known;
      if (records.length > 0 && records[0].recordBytes !== recordBytes)
        refuse(`.BTF.ext: ${part} records of ${recordBytes} and of ${records[0].recordBytes} bytes`);
      records.push({ part, name: output.btf.string(name), recordBytes, words: concat(known.parts) });
    }
    return records;
  });
}

function concat(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Ids and string offsets in the records, for deduplication to rewrite. */
function extReferences(ext: readonly SectionRecords[]): OutsideReferences {
  const rewriteWords = (
    records: SectionRecords,
    indexes: readonly number[],
    rewrite: (word: number) => number,
  ) => {
    const { words, recordBytes } = records;
    for (let at = 0; at < words.length; at += recordBytes / 4)
      for (const index of indexes) words[at + index] = rewrite(words[at + index]);
  };
  return {
    strings: (rewrite) => {
      for (const records of ext) {
        records.name = rewrite(records.name);
        rewriteWords(records, RECORDS[records.part].stringWords, rewrite);
      }
    },
    typeIds: (rewrite) => {
      for (const records of ext) {
        const { typeWord } = RECORDS[records.part];
        if (typeWord !== undefined) rewriteWords(records, [typeWord], rewrite);
      }
    },
  };
}

const MAGIC = 0xeb9f;

function encodeExt(ext: readonly SectionRecords[]): Uint8Array {
  const body = new ByteWriter(4096);
  const writer = new ByteWriter(HEADER_BYTES).u16(MAGIC).u8(1).u8(0).u32(HEADER_BYTES);
  for (const part of EXT_PARTS) {
    writer.u32(body.size);
    writer.u32(
      writeExtPart(
        body,
        ext.filter((records) => records.part === part),
      ),
    );
  }
  return writer.bytes(body.finish()).finish();
}
