import { type Ancillary, ancillaryOf, SKF_LL_OFF, SKF_NET_OFF } from './ancillary';
import { CLASSIC_MEM_WORDS, type ClassicInsn } from './insn';
import { type ClassicAluOp, type ClassicCondition, type ClassicSemantics, classicSemantics } from './table';

/** What a filter looks at. */
export interface ClassicInput {
  /** `ld #len`, bytes. */
  readonly length: number;
  /**
   * Bytes in the order in which the filter sees them: network order of a packet, host order of `struct seccomp_data`.
   * @param offset unsigned; from SKF_NET_OFF and SKF_LL_OFF on relative to those headers
   * @returns unsigned; undefined when they are not all there
   */
  load(offset: number, bytes: 1 | 2 | 4): number | undefined;
  /**
   * What the kernel knows of the packet; undefined when it does not, which ends the filter with 0.
   * @param a register A, an offset for `nla`, `nlan`
   * @param x register X, the type of attribute for them
   */
  ancillary?(what: Exclude<Ancillary, 'xor_x'>, a: number, x: number): number | undefined;
}

/** Where a packet's headers are, offsets from its first byte. */
interface HeaderOffsets {
  readonly link?: number;
  readonly network?: number;
}

/** A packet as a filter sees it, from its first byte on. @param length as `ld #len` gives it, when bytes were cut off */
export function packetInput(
  packet: Uint8Array,
  { link, network }: HeaderOffsets = {},
  length = packet.length,
): ClassicInput {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  const read = { 1: view.getUint8, 2: view.getUint16, 4: view.getUint32 } as const;
  const place = (offset: number): number => {
    if (offset >= SKF_NET_OFF) return (network ?? Number.NaN) + offset - SKF_NET_OFF;
    return offset >= SKF_LL_OFF ? (link ?? Number.NaN) + offset - SKF_LL_OFF : offset;
  };
  return {
    length,
    load: (offset, bytes) => {
      const at = place(offset);
      return at + bytes <= packet.length ? read[bytes].call(view, at) : undefined;
    },
  };
}

/** Arithmetic of 32 bits; the result is cut by the caller. Shift counts are taken modulo 32, as eBPF's are. */
const ALU: Readonly<Record<ClassicAluOp, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: Math.imul,
  div: (a, b) => Math.floor(a / b),
  mod: (a, b) => a % b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  xor: (a, b) => a ^ b,
  lsh: (a, b) => a << b,
  rsh: (a, b) => a >>> b,
};

const CONDITIONS: Readonly<Record<ClassicCondition, (a: number, b: number) => boolean>> = {
  jeq: (a, b) => a === b,
  jgt: (a, b) => a > b,
  jge: (a, b) => a >= b,
  jset: (a, b) => (a & b) !== 0,
};

/**
 * Runs a filter that {@link checkClassic} has accepted. Jumps lead forward only, so every run ends.
 * @returns what the filter returns, unsigned: for a socket the bytes of the packet to keep, for seccomp its verdict
 */
export function runClassic(insns: readonly ClassicInsn[], input: ClassicInput): number {
  const run = new ClassicRun(input);
  while (run.result === undefined) {
    const insn = insns[run.pc++];
    const semantics = classicSemantics(insn.code)!;
    (HANDLERS[semantics.kind] as Handler<ClassicSemantics['kind']>)(run, insn, semantics);
  }
  return run.result;
}

class ClassicRun {
  pc = 0;
  a = 0;
  x = 0;
  readonly mem = new Uint32Array(CLASSIC_MEM_WORDS);
  result: number | undefined;

  constructor(readonly input: ClassicInput) {}

  set(register: 'a' | 'x', value: number): void {
    this[register] = value >>> 0;
  }

  /** Puts what was loaded into A; ends with 0 when there was nothing. */
  take(value: number | undefined): void {
    if (value === undefined) this.result = 0;
    else this.set('a', value);
  }
}

type Handler<K extends ClassicSemantics['kind']> = (
  run: ClassicRun,
  insn: ClassicInsn,
  semantics: Extract<ClassicSemantics, { kind: K }>,
) => void;

const HANDLERS: { readonly [K in ClassicSemantics['kind']]: Handler<K> } = {
  load: (run, { k }, { mode, bytes }) => {
    const what = mode === 'abs' ? ancillaryOf(k) : undefined;
    if (what === 'xor_x') run.set('a', run.a ^ run.x);
    else if (what) run.take(run.input.ancillary?.(what, run.a, run.x));
    else run.take(run.input.load(mode === 'abs' ? k : (k + run.x) >>> 0, bytes));
  },
  imm: (run, { k }, { to }) => run.set(to, k),
  mem: (run, { k }, { to }) => run.set(to, run.mem[k]),
  len: (run, _insn, { to }) => run.set(to, run.input.length),
  msh: (run, { k }) => {
    const byte = run.input.load(k, 1);
    if (byte === undefined) run.result = 0;
    else run.set('x', (byte & 15) * 4);
  },
  store: (run, { k }, { from }) => {
    run.mem[k] = run[from];
  },
  alu: (run, { k }, { op, source }) => {
    const operand = source === 'k' ? k : run.x;
    if ((op === 'div' || op === 'mod') && operand === 0) run.result = 0;
    else run.set('a', ALU[op](run.a, operand));
  },
  neg: (run) => run.set('a', -run.a),
  ja: (run, { k }) => {
    run.pc += k;
  },
  jump: (run, { jt, jf, k }, { condition, source }) => {
    run.pc += CONDITIONS[condition](run.a, source === 'k' ? k : run.x) ? jt : jf;
  },
  ret: (run, { k }, { from }) => {
    run.result = from === 'k' ? k : run.a;
  },
  tax: (run) => run.set('x', run.a),
  txa: (run) => run.set('a', run.x),
};
