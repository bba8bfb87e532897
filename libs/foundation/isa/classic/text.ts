import { ancillaryOf } from './ancillary';
import type { ClassicInsn } from './insn';
import { type ClassicSemantics, classicSemantics } from './table';

const LOAD_NAME = { 4: 'ld', 2: 'ldh', 1: 'ldb' } as const;
const REGISTER_NAME = { a: 'ld', x: 'ldx' } as const;
/** Arithmetic whose constants are masks and hence written in hex. */
const BITWISE = new Set(['and', 'or', 'xor']);

type Text<K extends ClassicSemantics['kind']> = (
  insn: ClassicInsn,
  semantics: Extract<ClassicSemantics, { kind: K }>,
  index: number,
) => readonly [operation: string, operand: string];

const hex = (k: number) => `#0x${k.toString(16)}`;

const TEXTS: { readonly [K in ClassicSemantics['kind']]: Text<K> } = {
  load: ({ k }, { mode, bytes }) => {
    const at = mode === 'ind' ? `x + ${k | 0}` : (ancillaryOf(k) ?? `${k}`);
    return [LOAD_NAME[bytes], `[${at}]`];
  },
  imm: ({ k }, { to }) => [REGISTER_NAME[to], hex(k)],
  mem: ({ k }, { to }) => [REGISTER_NAME[to], `M[${k}]`],
  len: (_insn, { to }) => [REGISTER_NAME[to], '#pktlen'],
  msh: ({ k }) => ['ldxb', `4*([${k}]&0xf)`],
  store: ({ k }, { from }) => [from === 'a' ? 'st' : 'stx', `M[${k}]`],
  alu: ({ k }, { op, source }) => [op, source === 'x' ? 'x' : BITWISE.has(op) ? hex(k) : `#${k}`],
  neg: () => ['neg', ''],
  ja: ({ k }, _semantics, index) => ['ja', `${index + 1 + k}`],
  jump: ({ k }, { condition, source }) => [condition, source === 'x' ? 'x' : hex(k)],
  ret: ({ k }, { from }) => ['ret', from === 'k' ? `#${k}` : ''],
  tax: () => ['tax', ''],
  txa: () => ['txa', ''],
};

/** A line of the listing that `tcpdump -d` prints (libpcap's bpf_image), e.g. `(001) jeq      #0x800           jt 2	jf 8`. */
export function classicText(insn: ClassicInsn, index: number): string {
  const semantics = classicSemantics(insn.code);
  const number = `(${String(index).padStart(3, '0')})`;
  if (!semantics) return `${number} unimp    0x${insn.code.toString(16)}`;
  const [operation, operand] = (TEXTS[semantics.kind] as Text<ClassicSemantics['kind']>)(
    insn,
    semantics,
    index,
  );
  const start = `${number} ${operation.padEnd(8)} `;
  if (semantics.kind !== 'jump') return start + operand;
  return `${start}${operand.padEnd(16)} jt ${index + 1 + insn.jt}\tjf ${index + 1 + insn.jf}`;
}
