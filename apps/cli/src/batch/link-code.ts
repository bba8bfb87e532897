import type { Btf } from '@probed/btf';
import { BPF_PSEUDO_LD, type Insn, insnSlots, isKfuncCall, isLdImm64 } from '@probed/isa';
import type { FuncInfo, InsnRef, LineInfo } from '@probed/spec';
import { CaseError } from './case-fields';

/** `struct bpf_func_info`, `struct bpf_line_info` (include/uapi/linux/bpf.h), bytes. */
const FUNC_INFO_BYTES = 8;
const LINE_INFO_BYTES = 16;
const COLUMN_BITS = 10;

/** What the numbers in ready-made code stand for: maps by index, kernel functions and variables by BTF id. */
export function refsOf(insns: readonly Insn[], mapCount: number, kernelBtf: Btf): Map<number, InsnRef> {
  const refs = new Map<number, InsnRef>();
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const ref = refOf(insns[slot], mapCount, kernelBtf);
    if (ref) refs.set(slot, ref);
  }
  return refs;
}

function refOf(insn: Insn, mapCount: number, kernelBtf: Btf): InsnRef | undefined {
  const { src, imm } = insn;
  if (isKfuncCall(insn)) {
    const name = insn.off === 0 ? namedType(kernelBtf, imm, 'func') : undefined;
    return name === undefined ? undefined : { kind: 'kfunc', name, weak: false };
  }
  if (!isLdImm64(insn)) return undefined;
  const isMap = imm >= 0 && imm < mapCount;
  if (src === BPF_PSEUDO_LD.MAP_FD && isMap) return { kind: 'map', map: `m${imm}` };
  if (src === BPF_PSEUDO_LD.MAP_VALUE && isMap) return { kind: 'map-value', map: `m${imm}` };
  if (src !== BPF_PSEUDO_LD.BTF_ID) return undefined;
  const name = namedType(kernelBtf, imm, 'var') ?? namedType(kernelBtf, imm, 'func');
  return name === undefined ? undefined : { kind: 'ksym', name, weak: false };
}

function namedType(btf: Btf, id: number, kind: 'func' | 'var'): string | undefined {
  if (id <= 0 || !btf.has(id)) return undefined;
  const type = btf.type(id);
  return type.kind === kind ? type.name : undefined;
}

function wordsOf(bytes: Uint8Array, recordBytes: number, what: string): Uint32Array[] {
  if (bytes.length % recordBytes !== 0)
    throw new CaseError(
      `${what}: records of ${recordBytes} bytes are wanted, ${bytes.length} bytes are there`,
    );
  const records: Uint32Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = 0; at < bytes.length; at += recordBytes) {
    records.push(Uint32Array.from({ length: recordBytes / 4 }, (_, i) => view.getUint32(at + 4 * i, true)));
  }
  return records;
}

/** `func_info` of the load: instruction offset, type id. */
export function funcInfoOf(bytes: Uint8Array | undefined): FuncInfo[] {
  if (!bytes) return [];
  return wordsOf(bytes, FUNC_INFO_BYTES, 'func_info').map(([insn, typeId]) => ({ insn, typeId }));
}

/** `line_info` of the load: instruction offset, file, text, line and column. */
export function lineInfoOf(bytes: Uint8Array | undefined, btf: Btf | undefined): LineInfo[] {
  if (!bytes) return [];
  return wordsOf(bytes, LINE_INFO_BYTES, 'line_info').map(([insn, file, text, place]) => ({
    insn,
    file: btf?.string(file) ?? '',
    text: btf?.string(text) ?? '',
    line: place >>> COLUMN_BITS,
    column: place & ((1 << COLUMN_BITS) - 1),
  }));
}
