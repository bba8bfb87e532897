import { BPF_PSEUDO_CALLEE, INSN_BYTES, OP_CALL } from '@probed/isa';
import type { ElfObject, ElfRelocation, ElfSection } from './elf';

/** Offsets to which calls of subprograms lead, in bytes, by index of the section that they lie in. */
export function callTargets(elf: ElfObject): Map<number, Set<number>> {
  const targets = new Map<number, Set<number>>();
  for (const section of elf.sections) if (section.executable) collect(elf, section, targets);
  return targets;
}

function collect(elf: ElfObject, { index, data }: ElfSection, targets: Map<number, Set<number>>): void {
  const relocations = new Map<number, ElfRelocation>();
  for (const relocation of elf.relocations.get(index) ?? []) relocations.set(relocation.offset, relocation);
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  for (let at = 0; at + INSN_BYTES <= data.length; at += INSN_BYTES) {
    if (data[at] !== OP_CALL || data[at + 1] >> 4 !== BPF_PSEUDO_CALLEE.SUBPROG) continue;
    const distance = (view.getInt32(at + 4, true) + 1) * INSN_BYTES;
    const { symbol, addend = distance } = relocations.get(at) ?? {};
    const section = symbol ? symbol.section : index;
    const list = targets.get(section);
    const target = symbol ? symbol.value + addend : at + distance;
    if (list) list.add(target);
    else targets.set(section, new Set([target]));
  }
}
