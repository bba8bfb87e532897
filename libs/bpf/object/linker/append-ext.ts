import type { Btf } from '@probed/btf';
import { type ExtRecords, RECORDS } from './ext-info';
import { refuse } from './fault';
import type { Output } from './output';
import type { SourceObject } from './source';

/** Appends what `.BTF.ext` says of an object's code. tools/lib/bpf/linker.c: linker_append_btf_ext. */
export function appendExt(output: Output, source: SourceObject): void {
  const { btf } = source;
  if (!btf) return;
  for (const records of source.ext) appendRecords(output, source, btf, records);
}

function appendRecords(
  output: Output,
  source: SourceObject,
  btf: Btf,
  { part, section: name, recordBytes, words }: ExtRecords,
): void {
  const section = source.sections.find((candidate, i) => i > 0 && candidate.name === name);
  if (!section?.target) refuse(`.BTF.ext speaks of section '${name}', which is missing`, source.name);
  let known = section.target.ext.get(part);
  if (!known) section.target.ext.set(part, (known = { recordBytes, parts: [] }));
  if (known.recordBytes !== recordBytes)
    refuse(`.BTF.ext: ${part} records of ${recordBytes} bytes, of ${known.recordBytes} before`, source.name);
  const { typeWord, stringWords } = RECORDS[part];
  for (let at = 0; at < words.length; at += recordBytes / 4) {
    words[at] += section.offset;
    if (typeWord !== undefined) words[at + typeWord] = source.typeMap[words[at + typeWord]];
    for (const word of stringWords) words[at + word] = output.btf.string(btf.string(words[at + word]) ?? '');
  }
  known.parts.push(words);
}
