import type { Btf } from '@probed/btf';
import { type DisasmCallbacks, disassembleInsn, insnSlots } from '@probed/isa';
import { helperById, type LineInfo, type ProgramSpec } from '@probed/spec';

interface XlatedOptions {
  /** Source lines as comments. */
  readonly source?: boolean;
  /** With file, line and column. */
  readonly linum?: boolean;
}

/** Instructions with names of maps, helpers and functions, as `bpftool prog dump xlated` prints them. */
export function* xlatedLines(
  program: ProgramSpec,
  btf: Btf | undefined,
  { source = false, linum = false }: XlatedOptions,
): Generator<string> {
  const { insns } = program;
  const callbacks = namesOf(program);
  const functions = new Map(
    program.funcInfo.map(({ insn, typeId }) => [insn, btf?.has(typeId) ? btf.type(typeId).name : '']),
  );
  const lines = new Map(source ? program.lineInfo.map((line) => [line.insn, line]) : []);
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const name = functions.get(slot);
    if (name) yield `${name}:`;
    const line = lines.get(slot);
    if (line) yield sourceText(line, linum);
    yield `${String(slot).padStart(4)}: ${disassembleInsn(insns, slot, callbacks)}`;
  }
}

/** One instruction, as {@link xlatedLines} has it, without its number. */
export function xlatedInsn(program: ProgramSpec, slot: number): string {
  return disassembleInsn(program.insns, slot, namesOf(program));
}

function sourceText({ text, file, line, column }: LineInfo, linum: boolean): string {
  const place = linum ? ` [file:${file} line_num:${line} line_col:${column}]` : '';
  return `; ${text.trim()}${place}`;
}

function namesOf(program: ProgramSpec): DisasmCallbacks {
  const { refs, insns } = program;
  return {
    helperName: (id) => {
      const helper = helperById(id);
      return helper && `bpf_${helper.name.replace(/^bpf_/, '')}`;
    },
    call: (_insn, slot) => {
      const ref = refs.get(slot);
      return ref?.kind === 'kfunc' ? ref.name : undefined;
    },
    imm64: (_insn, _value, slot) => {
      const ref = refs.get(slot);
      if (ref?.kind === 'map') return `map[${ref.map}]`;
      if (ref?.kind === 'map-value') return `map[${ref.map}][0]+${insns[slot + 1]?.imm ?? 0}`;
      return ref?.kind === 'ksym' ? `ksym[${ref.name}]` : undefined;
    },
  };
}
