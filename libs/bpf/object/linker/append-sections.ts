import { SHT } from '../elf-constants';
import { refuse } from './fault';
import type { Output, OutputSection } from './output';
import type { SourceObject, SourceSection } from './source';

/** One-of-a-kind sections, which all inputs must agree on. */
const SINGLE_SECTIONS: ReadonlySet<string> = new Set(['license', 'version']);

/** Appends code and data of an object. tools/lib/bpf/linker.c: linker_append_sec_data. */
export function appendSections(output: Output, source: SourceObject): void {
  for (const section of source.sections) {
    if (section.skipped || !isData(section)) continue;
    const known = output.find(section.name) !== undefined;
    const target = output.section(section, source.name);
    section.target = target;
    if (known && section.elf && target.head && SINGLE_SECTIONS.has(section.name)) {
      checkSame(target, section.elf.data, source.name);
      section.skipped = true;
    } else if (section.elf) section.offset = output.extend(target, section.elf, source.name);
  }
}

function isData({ elf }: SourceSection): boolean {
  return !elf || elf.type === SHT.PROGBITS || elf.type === SHT.NOBITS;
}

function checkSame(target: OutputSection, bytes: Uint8Array, file: string): void {
  const before = target.data.bytes;
  if (before.length === bytes.length && bytes.every((byte, i) => byte === before[i])) return;
  const text = (data: Uint8Array) =>
    new TextDecoder().decode(data.subarray(0, 64)).replace(/[^\x20-\x7e]+/g, '');
  const values = target.name === 'license' ? `: '${text(bytes)}' and '${text(before)}'` : '';
  refuse(`'${target.name}' differs from that of the files before${values}`, file);
}
