import { diagnostic, err, ok, type Result } from '@probed/base';
import {
  BPF_PSEUDO_CALLEE,
  BPF_PSEUDO_LD,
  INSN_BYTES,
  type Insn,
  insnSlots,
  isLdImm64,
  isSubprogCall,
  OP_CALL,
} from '@probed/isa';
import type { FuncInfo, InsnRef, LineInfo } from '@probed/spec';
import type { CodeFunction, InsnCore } from './code';
import { functionAt } from './references';

/** A program with its subprograms behind it. */
interface LinkedCode {
  readonly insns: Insn[];
  readonly refs: Map<number, InsnRef>;
  readonly funcInfo: FuncInfo[];
  readonly lineInfo: LineInfo[];
  readonly cores: InsnCore[];
}

const E2BIG = 7;
const EINVAL = 22;

/** What linking a program needs to know of the object. */
export interface LinkContext {
  /** Functions by index of their section, each list in order of start. */
  readonly functions: ReadonlyMap<number, readonly CodeFunction[]>;
  /** Name of the map of configuration values. */
  readonly kconfigMap: string;
  /** Most slots that the program may have. */
  readonly slotsMax: number;
}

/**
 * Puts the subprograms that a program reaches behind it and resolves calls and callback addresses, in the order in
 * which libbpf meets them (depth first), so that slots equal the kernel's.
 * tools/lib/bpf/libbpf.c: bpf_object__reloc_code.
 *
 * @param also functions that nothing calls but that must be there (exception callbacks)
 */
export function linkProgram(
  entry: CodeFunction,
  also: readonly CodeFunction[],
  context: LinkContext,
): Result<LinkedCode> {
  const linker = new Linker(context);
  const done = linker.place(entry);
  if (!done.ok) return done;
  for (const fn of also) {
    const placed = linker.place(fn);
    if (!placed.ok) return placed;
  }
  return ok(linker.code);
}

/** A function that is being walked: where its copy begins and which slot is next. */
interface Frame {
  readonly fn: CodeFunction;
  readonly start: number;
  slot: number;
}

class Linker {
  readonly code: LinkedCode = { insns: [], refs: new Map(), funcInfo: [], lineInfo: [], cores: [] };
  private readonly starts = new Map<CodeFunction, number>();

  constructor(private readonly context: LinkContext) {}

  /** Appends a function and all that it reaches; no recursion, since call chains come from outside. */
  place(entry: CodeFunction): Result<undefined> {
    if (this.starts.has(entry)) return ok(undefined);
    const first = this.append(entry);
    if (!first.ok) return first;
    const stack: Frame[] = [{ fn: entry, start: first.value, slot: 0 }];
    for (let frame = stack.at(-1); frame; frame = stack.at(-1)) {
      if (frame.slot >= frame.fn.insns.length) {
        stack.pop();
        continue;
      }
      const next = this.step(frame);
      if (!next.ok) return next;
      if (next.value) stack.push(next.value);
    }
    return ok(undefined);
  }

  private append(fn: CodeFunction): Result<number> {
    const { insns, funcInfo, lineInfo, cores } = this.code;
    const start = insns.length;
    const { slotsMax } = this.context;
    if (fn.faults.length) return err(fn.faults[0]);
    if (start + fn.insns.length > slotsMax)
      return this.fail(fn, `more than ${slotsMax} instructions with its subprograms`, E2BIG);
    for (const insn of fn.insns) insns.push({ ...insn });
    this.starts.set(fn, start);
    if (fn.funcTypeId) funcInfo.push({ insn: start, typeId: fn.funcTypeId });
    for (const { offset, file, text, line, column } of fn.lines)
      lineInfo.push({ insn: start + Math.floor(offset / INSN_BYTES) - fn.start, file, text, line, column });
    for (const core of fn.cores) cores.push({ ...core, insn: start + core.insn });
    return ok(start);
  }

  /** Resolves one instruction; a frame when a function must be walked first, after which the slot counts as done. */
  private step(frame: Frame): Result<Frame | undefined> {
    const { fn, start, slot } = frame;
    const insn = this.code.insns[start + slot];
    frame.slot += insnSlots(insn);
    const reference = fn.references.get(slot);
    if (reference && reference.kind !== 'function') {
      this.refer(insn, start + slot, fn, slot);
      return ok(undefined);
    }
    const callback = isLdImm64(insn) && insn.src === BPF_PSEUDO_LD.FUNC;
    if (!reference && !isSubprogCall(insn) && !callback) return ok(undefined);
    const target = reference
      ? this.find(reference.section, reference.offset / INSN_BYTES)
      : this.find(fn.section.index, fn.start + slot + insn.imm + 1);
    if (!target) return this.fail(fn, `call at instruction ${slot} leads to no function`);
    return this.pointTo(insn, start + slot, target);
  }

  /** Appends the target when it is new. */
  private pointTo(insn: Insn, at: number, target: CodeFunction): Result<Frame | undefined> {
    let start = this.starts.get(target);
    let frame: Frame | undefined;
    if (start === undefined) {
      const appended = this.append(target);
      if (!appended.ok) return appended;
      start = appended.value;
      frame = { fn: target, start, slot: 0 };
    }
    insn.src = insn.opcode === OP_CALL ? BPF_PSEUDO_CALLEE.SUBPROG : BPF_PSEUDO_LD.FUNC;
    insn.imm = start - at - 1;
    if (insn.opcode !== OP_CALL && this.code.insns[at + 1]) this.code.insns[at + 1].imm = 0;
    return ok(frame);
  }

  private find(section: number, slot: number): CodeFunction | undefined {
    const fn = functionAt(this.context.functions.get(section) ?? [], slot);
    return fn && fn.start === slot ? fn : undefined;
  }

  private refer(insn: Insn, at: number, fn: CodeFunction, slot: number): void {
    const reference = fn.references.get(slot);
    const second = this.code.insns[at + 1];
    const { refs } = this.code;
    const load = (src: number, low: number, high: number) => {
      insn.src = src;
      insn.imm = low;
      if (second) second.imm = high;
    };
    if (reference?.kind === 'map') {
      load(BPF_PSEUDO_LD.MAP_FD, 0, 0);
      refs.set(at, { kind: 'map', map: reference.map });
    } else if (reference?.kind === 'data') {
      load(BPF_PSEUDO_LD.MAP_VALUE, 0, reference.offset);
      refs.set(at, { kind: 'map-value', map: reference.map });
    } else if (reference?.kind === 'extern') {
      const { extern } = reference;
      if (extern.kind === 'kconfig') {
        load(BPF_PSEUDO_LD.MAP_VALUE, 0, extern.offset);
        refs.set(at, { kind: 'map-value', map: this.context.kconfigMap });
      } else if (insn.opcode === OP_CALL) {
        insn.src = BPF_PSEUDO_CALLEE.KFUNC;
        insn.imm = 0;
        refs.set(at, { kind: 'kfunc', name: extern.name, weak: extern.weak });
      } else {
        load(BPF_PSEUDO_LD.BTF_ID, 0, 0);
        refs.set(at, { kind: 'ksym', name: extern.name, weak: extern.weak });
      }
    }
  }

  private fail(fn: CodeFunction, message: string, errno = EINVAL): Result<never> {
    return err(diagnostic('link', message, { where: `function '${fn.name}'`, errno }));
  }
}
