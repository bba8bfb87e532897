import type { Btf } from '@probed/btf';

/** What the ELF file knows of a variable or section that the compiler's BTF leaves open. */
interface BtfFixes {
  /** Functions that are hidden or internal: global for the linker, static for the verifier. */
  readonly staticFunctions: ReadonlySet<string>;
  /** Size and offsets of the variables of data sections, by section name. */
  readonly dataSections: ReadonlyMap<string, DataSectionFix>;
}

export interface DataSectionFix {
  readonly bytes: number;
  /** Variables that are hidden or internal: global for the linker, static for who loads the object. */
  readonly hidden: ReadonlySet<string>;
  /** Offset in the section by variable name. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** Bytes that follow the 12-byte head of a type, by kind and vlen (Documentation/bpf/btf.rst §2). */
const TAIL_BYTES: Readonly<Record<number, (vlen: number) => number>> = {
  1: () => 4,
  3: () => 12,
  4: (n) => 12 * n,
  5: (n) => 12 * n,
  6: (n) => 8 * n,
  13: (n) => 8 * n,
  14: () => 4,
  15: (n) => 12 * n,
  17: () => 4,
  19: (n) => 12 * n,
};
const HEAD_BYTES = 12;
const KIND_FUNC = 12;
const KIND_DATASEC = 15;
const VAR_BYTES = 12;
const LINKAGE_STATIC = 0;

/**
 * BTF bytes with linkage of functions and layout of data sections as the linked object has them; `btf` is what the
 * bytes parsed to, so they are known to be sound. The same bytes when nothing needs mending.
 * tools/lib/bpf/libbpf.c: btf_fixup_datasec, bpf_object__init_btf and `mark_btf_static`.
 */
export function fixBtf(bytes: Uint8Array, btf: Btf, fixes: BtfFixes): Uint8Array {
  if (fixes.staticFunctions.size === 0 && fixes.dataSections.size === 0) return bytes;
  const fixed = new Uint8Array(bytes);
  const view = new DataView(fixed.buffer);
  const start = view.getUint32(4, true) + view.getUint32(8, true);
  const end = start + view.getUint32(12, true);
  const hidden = hiddenVariables(btf, fixes);
  for (let at = start, id = 1; at < end; id++) {
    const info = view.getUint32(at + 4, true);
    const kind = (info >>> 24) & 31;
    const vlen = info & 0xffff;
    if (kind === KIND_FUNC && fixes.staticFunctions.has(btf.type(id).name))
      view.setUint32(at + 4, info - vlen, true);
    if (hidden.has(id)) view.setUint32(at + HEAD_BYTES, LINKAGE_STATIC, true);
    if (kind === KIND_DATASEC) fixDataSection(view, at, vlen, btf, id, fixes);
    at += HEAD_BYTES + (TAIL_BYTES[kind]?.(vlen) ?? 0);
  }
  return fixed;
}

/** VAR ids. */
function hiddenVariables(btf: Btf, { dataSections }: BtfFixes): Set<number> {
  const ids = new Set<number>();
  for (const { name, variables } of btf.dataSections())
    for (const { name: variable, declId, kind } of variables)
      if (kind === 'var' && dataSections.get(name)?.hidden.has(variable)) ids.add(declId);
  return ids;
}

function fixDataSection(
  view: DataView,
  at: number,
  vlen: number,
  btf: Btf,
  id: number,
  fixes: BtfFixes,
): void {
  const section = btf.type(id);
  const fix = fixes.dataSections.get(section.name);
  if (section.kind !== 'datasec' || !fix) return;
  view.setUint32(at + 8, fix.bytes, true);
  const rows: { typeId: number; offset: number; size: number }[] = [];
  for (const { typeId, offset, size } of section.vars)
    rows.push({ typeId, offset: fix.offsets.get(btf.type(typeId).name) ?? offset, size });
  // The kernel wants variables in order of offset.
  rows.sort((a, b) => a.offset - b.offset);
  for (let i = 0; i < vlen; i++) {
    const place = at + HEAD_BYTES + VAR_BYTES * i;
    view.setUint32(place, rows[i].typeId, true);
    view.setUint32(place + 4, rows[i].offset, true);
    view.setUint32(place + 8, rows[i].size, true);
  }
}
