import { BPF_FUNC } from '@probed/abi';
import {
  BPF_ALU_OP,
  BPF_CLASS,
  BPF_MODE,
  endsFlow,
  type Insn,
  insnClass,
  insnMode,
  insnOp,
  insnSlots,
  isHelperCall,
  isKfuncCall,
  isLdImm64,
  isRegOperand,
  isSubprogCall,
  jumpTarget,
  ldImm64Value,
  memSizeBytes,
  OP_EXIT,
  subprogTarget,
} from '@probed/isa';
import type { ProgramSpec } from '@probed/spec';
import {
  type AbstractValue,
  constant,
  joined,
  moved,
  type Place,
  pointer,
  same,
  unknown,
} from './abstract-value';
import { FlowState } from './flow-state';
import { HELPER_EFFECTS, type WrittenAs } from './helper-effects';

/** A call that sends or reserves a record. */
export interface OutputSite {
  readonly slot: number;
  readonly maps: readonly string[];
  /** Bytes, when they are known; the record is as long as one of these. */
  readonly sizes: readonly number[];
  /** Where its bytes are composed; empty when that is not known. */
  readonly data: readonly Place[];
}

/** Bytes that the program puts somewhere. */
export interface WriteSite {
  readonly slot: number;
  readonly place: Place;
  /** 0 when unknown. */
  readonly bytes: number;
  readonly as: 'store' | WrittenAs;
  /** The number stored, when it is always the same. */
  readonly constant?: number;
  /** Slots that computed the value stored, or the address written to. */
  readonly from: readonly number[];
}

/** What a program does with the places that records are made in. */
export interface ProgramFlow {
  readonly outputs: readonly OutputSite[];
  readonly writes: readonly WriteSite[];
  /** Pointers passed to subprograms: parameter 1–5 of the subprogram at a slot. */
  readonly passed: readonly { readonly callee: number; readonly parameter: number; readonly place: Place }[];
}

/** Instructions walked at most for one program, so that hostile ones end. */
const STEPS_MAX = 400_000;
const ARGUMENT_REGISTERS = [1, 2, 3, 4, 5];

interface Sinks {
  output(site: OutputSite): void;
  write(site: WriteSite): void;
  pass(callee: number, parameter: number, place: Place): void;
}

/**
 * Follows pointers and constants through a program: a forward analysis over its blocks, subprograms included, until
 * nothing changes, and then once more to note what it does. Knows nothing of types and proves nothing: what it does
 * not follow is unknown.
 */
export function programFlow(program: ProgramSpec): ProgramFlow {
  const flow = new FlowAnalysis(program);
  flow.settle();
  return flow.collect();
}

class FlowAnalysis {
  /** What holds at the start of a block. */
  private readonly entries = new Map<number, FlowState>();
  private readonly leaders = new Set<number>();
  private readonly returned = new Map<number, AbstractValue>();
  /** Blocks to look at again when a subprogram's return value becomes better known. */
  private readonly callersOf = new Map<number, Set<number>>();
  private readonly queue: number[] = [0];
  private readonly queued = new Set([0]);
  private sinks: Sinks | undefined;
  private steps = 0;

  constructor(private readonly program: ProgramSpec) {
    this.entries.set(0, FlowState.atEntry(0));
    const { insns } = program;
    for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
      const target = jumpTarget(insns[slot], slot);
      if (target !== undefined) this.leaders.add(target).add(slot + 1);
      const callee = subprogTarget(insns[slot], slot);
      if (callee !== undefined) this.leaders.add(callee);
    }
  }

  settle(): void {
    for (let slot = this.queue.pop(); slot !== undefined; slot = this.queue.pop()) {
      if (this.steps > STEPS_MAX) return;
      this.queued.delete(slot);
      this.walk(slot);
    }
  }

  collect(): ProgramFlow {
    const outputs: OutputSite[] = [];
    const writes: WriteSite[] = [];
    const passed: ProgramFlow['passed'][number][] = [];
    this.sinks = {
      output: (site) => outputs.push(site),
      write: (site) => writes.push(site),
      pass: (callee, parameter, place) => passed.push({ callee, parameter, place }),
    };
    for (const slot of [...this.entries.keys()].sort((a, b) => a - b)) this.walk(slot);
    return { outputs, writes, passed };
  }

  /** Runs from the start of a block to its end. */
  private walk(start: number): void {
    const { insns } = this.program;
    const state = this.entries.get(start)!.copy();
    for (let slot = start; slot < insns.length; ) {
      this.steps++;
      const insn = insns[slot];
      const next = slot + insnSlots(insn);
      this.step(insn, slot, state, start);
      const target = jumpTarget(insn, slot);
      if (target !== undefined) this.reach(target, state);
      if (endsFlow(insn)) {
        if (insn.opcode === OP_EXIT) this.leave(state);
        return;
      }
      if (this.leaders.has(next)) {
        this.reach(next, state);
        return;
      }
      slot = next;
    }
  }

  private reach(slot: number, state: FlowState): void {
    if (this.sinks || slot < 0 || slot >= this.program.insns.length) return;
    const known = this.entries.get(slot);
    if (!known) this.entries.set(slot, state.copy());
    else if (!known.merge(state)) return;
    this.enqueue(slot);
  }

  private enqueue(slot: number): void {
    if (this.queued.has(slot)) return;
    this.queued.add(slot);
    this.queue.push(slot);
  }

  /** The frame pointer says which subprogram a block belongs to. */
  private leave(state: FlowState): void {
    if (this.sinks) return;
    const [frame] = state.get(10).places ?? [];
    const entry = Number(frame?.base.slice('stack@'.length) ?? 0);
    const known = this.returned.get(entry);
    const value = known ? joined(known, state.get(0)) : state.get(0);
    this.returned.set(entry, value);
    if (known && same(known, value)) return;
    for (const caller of this.callersOf.get(entry) ?? []) this.enqueue(caller);
  }

  private step(insn: Insn, slot: number, state: FlowState, block: number): void {
    const ref = this.program.refs.get(slot);
    if (ref?.kind === 'map') state.set(insn.dst, { maps: [ref.map], from: [slot] });
    else if (ref?.kind === 'map-value') {
      const offset = this.program.insns[slot + 1]?.imm ?? 0;
      state.set(insn.dst, pointer(`map:${ref.map}`, offset, slot));
    } else if (isSubprogCall(insn)) this.call(slot + 1 + insn.imm, slot, state, block);
    else if (isHelperCall(insn)) this.helper(insn.imm, slot, state);
    else if (isKfuncCall(insn)) state.clobber(slot);
    else if (isLdImm64(insn)) this.loadWide(insn, slot, state);
    else this.simple(insn, slot, state);
  }

  private simple(insn: Insn, slot: number, state: FlowState): void {
    switch (insnClass(insn)) {
      case BPF_CLASS.ALU:
      case BPF_CLASS.ALU64:
        state.set(insn.dst, arithmetic(insn, slot, state));
        break;
      case BPF_CLASS.LDX:
        state.set(insn.dst, loaded(insn, slot, state));
        break;
      case BPF_CLASS.ST:
      case BPF_CLASS.STX:
        this.store(insn, slot, state);
        break;
      case BPF_CLASS.LD:
        state.set(0, unknown(slot));
        break;
      default:
    }
  }

  private loadWide(insn: Insn, slot: number, state: FlowState): void {
    // Code that nobody has verified may end in the middle of a load.
    const high = this.program.insns[slot + 1];
    const number = high ? Number(ldImm64Value(insn, high)) : Number.NaN;
    state.set(insn.dst, Number.isSafeInteger(number) ? constant(number, slot) : unknown(slot));
  }

  private store(insn: Insn, slot: number, state: FlowState): void {
    const size = memSizeBytes(insn);
    const plain = insnMode(insn) === BPF_MODE.MEM;
    const isImmediate = insnClass(insn) === BPF_CLASS.ST;
    const value = isImmediate ? constant(insn.imm, slot) : state.get(insn.src);
    for (const { base, offset } of state.get(insn.dst).places ?? []) {
      const at = offset + insn.off;
      if (base.startsWith('stack@')) state.spill(base, at, plain && size === 8 ? value : undefined);
      if (!plain) continue;
      this.sinks?.write({
        slot,
        place: { base, offset: at },
        bytes: size,
        as: 'store',
        from: value.from,
        ...(value.consts?.length === 1 && { constant: value.consts[0] }),
      });
    }
  }

  private helper(id: number, slot: number, state: FlowState): void {
    const effect = HELPER_EFFECTS[id];
    if (this.sinks && effect) this.note(effect, slot, state, this.sinks);
    let result: AbstractValue = unknown(slot);
    if (effect?.returnsValueOf !== undefined) {
      const maps = state.get(effect.returnsValueOf).maps;
      if (maps) result = { places: maps.map((map) => ({ base: `map:${map}`, offset: 0 })), from: [slot] };
    } else if (id === BPF_FUNC.ringbuf_reserve) {
      result = pointer(`ring@${slot}`, 0, slot);
    } else if (effect?.dynptr !== undefined) {
      for (const { base, offset } of state.get(effect.dynptr).places ?? [])
        state.spill(base, offset, pointer(`ring@${slot}`, 0, slot));
    } else if (effect?.returnsDynptrAt) {
      result = dynptrData(effect.returnsDynptrAt, slot, state);
    }
    state.clobber(slot);
    state.set(0, result);
  }

  private note(effect: HelperEffect, slot: number, state: FlowState, sinks: Sinks): void {
    const { output, writes } = effect;
    if (output) {
      const maps = state.get(output.map).maps ?? [];
      const sizes = (state.get(output.size).consts ?? []).filter((size) => size > 0);
      const data =
        output.data === undefined
          ? [{ base: `ring@${slot}`, offset: 0 }]
          : (state.get(output.data).places ?? []);
      if (maps.length > 0) sinks.output({ slot, maps, sizes, data });
    }
    if (writes) {
      const target = state.get(writes.to);
      const sizes = state.get(writes.size).consts ?? [];
      const bytes = sizes.length > 0 ? Math.max(...sizes, 0) : 0;
      for (const place of target.places ?? [])
        sinks.write({ slot, place, bytes, as: writes.as, from: target.from });
    }
  }

  private call(callee: number, slot: number, state: FlowState, block: number): void {
    for (const parameter of ARGUMENT_REGISTERS)
      for (const place of state.get(parameter).places ?? []) this.sinks?.pass(callee, parameter, place);
    if (!this.sinks && callee >= 0 && callee < this.program.insns.length) {
      const entry = FlowState.atEntry(callee);
      for (const parameter of ARGUMENT_REGISTERS) {
        const value = state.get(parameter);
        const known = value.places || value.consts || value.maps;
        entry.set(parameter, known ? value : pointer(`arg@${callee}:${parameter}`, 0, callee));
      }
      this.reach(callee, entry);
      const callers = this.callersOf.get(callee) ?? new Set();
      this.callersOf.set(callee, callers.add(block));
    }
    const result = this.returned.get(callee);
    state.clobber(slot);
    const own = result?.places?.some(({ base }) => base === `stack@${callee}`);
    if (result && !own) state.set(0, result);
  }
}

type HelperEffect = NonNullable<(typeof HELPER_EFFECTS)[number]>;

function dynptrData(
  [dynptr, offset]: readonly [number, number],
  slot: number,
  state: FlowState,
): AbstractValue {
  const [at] = state.get(dynptr).places ?? [];
  const [bytes] = state.get(offset).consts ?? [];
  const reserved = at && state.spilled(at.base, at.offset);
  return reserved && bytes !== undefined ? moved(reserved, bytes, slot) : unknown(slot);
}

function loaded(insn: Insn, slot: number, state: FlowState): AbstractValue {
  const { places } = state.get(insn.src);
  if (insnMode(insn) !== BPF_MODE.MEM || !places) return unknown(slot);
  const wide = memSizeBytes(insn) === 8;
  const words = places.map(({ base, offset }) => (wide ? state.spilled(base, offset + insn.off) : undefined));
  const [first, ...others] = words;
  if (!first || others.some((word) => !word)) return unknown(slot);
  return others.reduce<AbstractValue>((value, word) => (word ? joined(value, word) : value), first);
}

function arithmetic(insn: Insn, slot: number, state: FlowState): AbstractValue {
  const op = insnOp(insn);
  const right = isRegOperand(insn) ? state.get(insn.src) : constant(insn.imm, slot);
  if (op === BPF_ALU_OP.MOV) return insn.off === 0 ? right : { from: right.from };
  const left = state.get(insn.dst);
  const [by] = right.consts?.length === 1 ? right.consts : [];
  if (op === BPF_ALU_OP.ADD && by !== undefined) return moved(left, by, slot);
  if (op === BPF_ALU_OP.SUB && by !== undefined) return moved(left, -by, slot);
  // `offset + pointer`, as compilers write it after a CO-RE relocation.
  if (op === BPF_ALU_OP.ADD && left.consts?.length === 1 && right.places)
    return moved(right, left.consts[0], slot);
  const folded = left.consts?.length === 1 && by !== undefined ? FOLD[op]?.(left.consts[0], by) : undefined;
  if (folded !== undefined && Number.isSafeInteger(folded)) return { consts: [folded], from: left.from };
  // A number cut to 32 bits stays the number that it is.
  const narrowing = op === BPF_ALU_OP.LSH || op === BPF_ALU_OP.RSH || op === BPF_ALU_OP.ARSH;
  return { from: narrowing && by === 32 ? left.from : [slot] };
}

/** Constants of older compilers come through shifts that cut them to 32 bits. */
const FOLD: Readonly<Record<number, ((left: number, right: number) => number) | undefined>> = {
  [BPF_ALU_OP.LSH]: (left, right) => left * 2 ** right,
  [BPF_ALU_OP.RSH]: (left, right) => Math.floor(left / 2 ** right),
  [BPF_ALU_OP.ARSH]: (left, right) => Math.floor(left / 2 ** right),
  [BPF_ALU_OP.MUL]: (left, right) => left * right,
};
