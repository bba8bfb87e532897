import { diagnostic, err, ok, type Result } from '@probed/base';
import { AsmError, type AssemblyContext, matchStatement } from './assembler-statements';
import type { Insn } from './insn';
import { OP_LD_IMM64 } from './opcode';

export interface AssembleOptions {
  /** Id of a helper named in `call NAME`, as written (with or without `bpf_`); undefined when there is none. */
  helperId?(name: string): number | undefined;
}

/** Assembled code with what a loader would need to link it. */
export interface Assembly {
  readonly insns: Insn[];
  /** Slot of each named label. */
  readonly labels: ReadonlyMap<string, number>;
  /**
   * Names used at a slot that no label defines: maps (`r1 = map[NAME]`, `r1 = map[NAME][0]+8`), plain symbols
   * (`r1 = NAME ll`) and kernel functions (`call kfunc NAME`); `src` of the instruction says which.
   */
  readonly symbols: ReadonlyMap<number, string>;
}

/** A statement with the place it came from. */
interface Statement {
  readonly text: string;
  /** From 1. */
  readonly line: number;
  /** Opcode printed before the statement by the kernel's disassembler, which tells `0x5` from `0x5 ll`. */
  readonly opcode?: number;
}

const KERNEL_LINE = /^(?:\d+: )?\(([0-9a-f]{2})\) ([^;]*)/;
const LABEL = /^([A-Za-z_.$][\w.$]*|\d+)\s*:\s*/;

/**
 * Assembles LLVM's BPF syntax (`r0 = *(u32 *)(r1 + 4)`, `if r1 == r2 goto done`, `lock *(u64 *)(r1 + 0) += r2`) and
 * what the kernel's disassembler prints (`4: (b7) r0 = 0 ; R0=0`), so that a log or a dump assembles as it is.
 *
 * Statements end at a newline or `;`. Comments start with `//` or, after white space, `#`, or are blocks as in C.
 * Labels are names or numbers (`1f`, `1b`); jump targets may be displacements in slots (`goto +2`);
 * `.insn CODE DST SRC OFF IMM` places any slot. The diagnostic names the line.
 */
export function assemble(source: string, options: AssembleOptions = {}): Result<Assembly> {
  const context: AssemblyContext = {
    insns: [],
    symbols: new Map(),
    fixups: [],
    helperId: options.helperId ?? (() => undefined),
  };
  const labels = new Map<string, number>();
  const numeric: { name: string; slot: number }[] = [];
  let line = 0;
  try {
    for (const statement of statements(source)) {
      line = statement.line;
      const rest = takeLabels(statement, context.insns.length, labels, numeric);
      if (rest) placeStatement(context, rest, statement);
    }
    for (const fixup of context.fixups) {
      line = fixup.line;
      const target = resolveLabel(fixup.label, fixup.slot, labels, numeric);
      if (target !== undefined) fixup.apply(target - fixup.slot - 1);
      else if (fixup.optional) context.symbols.set(fixup.slot, fixup.label);
      else throw new AsmError(`no label ${fixup.label}`);
    }
  } catch (error) {
    if (!(error instanceof AsmError)) throw error;
    return err(diagnostic('asm-syntax', error.message, { where: `line ${line}` }));
  }
  return ok({ insns: context.insns, labels, symbols: context.symbols });
}

function statements(source: string): Statement[] {
  const out: Statement[] = [];
  const withoutBlocks = source.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]+/g, ' '));
  withoutBlocks.split('\n').forEach((raw, index) => {
    const line = index + 1;
    const text = raw.replace(/\/\/.*|(?:^|\s)#.*/, '').trim();
    const kernel = KERNEL_LINE.exec(text);
    if (kernel) {
      out.push({ text: normalise(kernel[2]), line, opcode: Number.parseInt(kernel[1], 16) });
      return;
    }
    for (const part of text.split(';')) if (part.trim()) out.push({ text: normalise(part), line });
  });
  return out;
}

const normalise = (text: string) => text.trim().replace(/\s+/g, ' ');

/** Records the labels that open a statement; returns what follows them. */
function takeLabels(
  { text, opcode }: Statement,
  slot: number,
  labels: Map<string, number>,
  numeric: { name: string; slot: number }[],
): string {
  if (opcode !== undefined) return text;
  for (let match = LABEL.exec(text); match; match = LABEL.exec(text)) {
    const name = match[1];
    if (/^\d/.test(name)) numeric.push({ name, slot });
    else if (labels.has(name)) throw new AsmError(`label ${name} is defined twice`);
    else labels.set(name, slot);
    text = text.slice(match[0].length);
  }
  return text;
}

function placeStatement(context: AssemblyContext, text: string, { line, opcode }: Statement): void {
  const slot = context.insns.length;
  const wide = opcode === OP_LD_IMM64 && !/ ll$|\[/.test(text) ? `${text} ll` : text;
  matchStatement(context, wide, line);
  const found = context.insns[slot].opcode;
  if (opcode !== undefined && found !== opcode)
    throw new AsmError(`"${text}" is opcode 0x${found.toString(16)}, not 0x${opcode.toString(16)}`);
}

function resolveLabel(
  label: string,
  slot: number,
  labels: ReadonlyMap<string, number>,
  numeric: readonly { name: string; slot: number }[],
): number | undefined {
  const local = /^(\d+)([fb])$/.exec(label);
  if (!local) return labels.get(label);
  const [, name, direction] = local;
  const named = numeric.filter((entry) => entry.name === name);
  return direction === 'f'
    ? named.find((entry) => entry.slot > slot)?.slot
    : named.findLast((entry) => entry.slot <= slot)?.slot;
}
