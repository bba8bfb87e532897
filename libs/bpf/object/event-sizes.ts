import { BPF_FUNC } from '@probed/abi';
import {
  BPF_ALU_OP,
  BPF_CLASS,
  type Insn,
  insnClass,
  insnOp,
  insnSlots,
  isHelperCall,
  isRegOperand,
  jumpTarget,
} from '@probed/isa';
import type { CollectionSpec, ProgramSpec } from '@probed/spec';

/** Which argument registers of an output helper hold the map and the size of the record. */
const OUTPUTS: Readonly<Record<number, { readonly map: number; readonly size: number }>> = {
  [BPF_FUNC.perf_event_output]: { map: 2, size: 5 },
  [BPF_FUNC.skb_output]: { map: 2, size: 5 },
  [BPF_FUNC.xdp_output]: { map: 2, size: 5 },
  [BPF_FUNC.ringbuf_output]: { map: 1, size: 3 },
  [BPF_FUNC.ringbuf_reserve]: { map: 1, size: 2 },
  [BPF_FUNC.ringbuf_reserve_dynptr]: { map: 1, size: 2 },
};

/** What a register is known to hold. */
type Known = number | { readonly map: string } | undefined;

const CALLER_SAVED = 6;

/** Sizes of the records that the programs write into each map, as far as they are constants. Bytes, by map name. */
export function recordSizes(collection: CollectionSpec): Map<string, Set<number>> {
  const sizes = new Map<string, Set<number>>();
  for (const program of collection.programs) scan(program, sizes);
  return sizes;
}

/** One pass in order of slots; what registers hold is forgotten wherever a jump may arrive. */
function scan({ insns, refs }: ProgramSpec, sizes: Map<string, Set<number>>): void {
  const labels = new Set<number>();
  for (const [slot, insn] of insns.entries()) {
    const target = jumpTarget(insn, slot);
    if (target !== undefined) labels.add(target);
  }
  let registers: Known[] = [];
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const insn = insns[slot];
    if (labels.has(slot)) registers = [];
    if (isHelperCall(insn)) note(insn.imm, registers, sizes);
    const ref = refs.get(slot);
    if (ref?.kind === 'map') registers[insn.dst] = { map: ref.map };
    else step(insn, registers);
  }
}

function note(helper: number, registers: readonly Known[], sizes: Map<string, Set<number>>): void {
  const output = OUTPUTS[helper];
  if (!output) return;
  const map = registers[output.map];
  const size = registers[output.size];
  if (typeof map !== 'object' || typeof size !== 'number' || size <= 0) return;
  const known = sizes.get(map.map);
  if (known) known.add(size);
  else sizes.set(map.map, new Set([size]));
}

function step(insn: Insn, registers: Known[]): void {
  const insnClassOf = insnClass(insn);
  switch (insnClassOf) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64: {
      const move = insnOp(insn) === BPF_ALU_OP.MOV && insn.off === 0;
      registers[insn.dst] = move ? (isRegOperand(insn) ? registers[insn.src] : insn.imm) : undefined;
      break;
    }
    case BPF_CLASS.LD:
    case BPF_CLASS.LDX:
      registers[insn.dst] = undefined;
      break;
    case BPF_CLASS.JMP:
      if (jumpTarget(insn, 0) === undefined) for (let r = 0; r < CALLER_SAVED; r++) registers[r] = undefined;
      break;
    default:
  }
}
