/** Where one argument of a USDT probe is: a word of its `.note.stapsdt` note (`-4@-20(%rbp)`), read. */
export interface UsdtArg {
  /** Width of the value, bytes: 1, 2, 4 or 8. */
  readonly bytes: number;
  readonly signed: boolean;
  readonly place: UsdtPlace;
}

/** Registers carry the names of `struct pt_regs` (`di`, `r8`). */
export type UsdtPlace =
  | { readonly kind: 'const'; readonly value: number }
  | { readonly kind: 'reg'; readonly reg: string }
  /** In memory at `reg + offset`. */
  | { readonly kind: 'deref'; readonly reg: string; readonly offset: number }
  /** In memory at `base + index * scale + offset`. */
  | {
      readonly kind: 'indexed';
      readonly reg: string;
      readonly index: string;
      readonly scale: number;
      readonly offset: number;
    };

/** x86 names of each register's widths, 64 bits first. */
const REGISTERS: Readonly<Record<string, string>> = {
  ip: 'rip eip',
  ax: 'rax eax ax al',
  bx: 'rbx ebx bx bl',
  cx: 'rcx ecx cx cl',
  dx: 'rdx edx dx dl',
  si: 'rsi esi si sil',
  di: 'rdi edi di dil',
  bp: 'rbp ebp bp bpl',
  sp: 'rsp esp sp spl',
  r8: 'r8 r8d r8w r8b',
  r9: 'r9 r9d r9w r9b',
  r10: 'r10 r10d r10w r10b',
  r11: 'r11 r11d r11w r11b',
  r12: 'r12 r12d r12w r12b',
  r13: 'r13 r13d r13w r13b',
  r14: 'r14 r14d r14w r14b',
  r15: 'r15 r15d r15w r15b',
};

const BY_NAME = new Map(
  Object.entries(REGISTERS).flatMap(([reg, names]) => names.split(' ').map((name) => [name, reg] as const)),
);

const ARGUMENT = /^(-?)([1248])f?@(.+)$/;
const CONSTANT = /^\$(-?\d+)$/;
const REGISTER = /^%(\w+)$/;
const MEMORY = /^(-?\d+)?\(%(\w+)(?:,%(\w+)(?:,([1248]))?)?\)$/;

/** Reads the arguments of a note (tools/lib/bpf/usdt.c: parse_usdt_arg, x86); undefined when one is not understood. */
export function parseUsdtArgs(text: string): readonly UsdtArg[] | undefined {
  const args: UsdtArg[] = [];
  for (const word of text.split(/\s+/)) {
    if (!word) continue;
    const match = ARGUMENT.exec(word);
    const place = match && parsePlace(match[3]);
    if (!match || !place) return undefined;
    args.push({ bytes: Number(match[2]), signed: match[1] === '-', place });
  }
  return args;
}

function parsePlace(text: string): UsdtPlace | undefined {
  const constant = CONSTANT.exec(text);
  if (constant) return { kind: 'const', value: Number(constant[1]) };
  const register = REGISTER.exec(text);
  if (register) {
    const reg = BY_NAME.get(register[1]);
    return reg === undefined ? undefined : { kind: 'reg', reg };
  }
  const memory = MEMORY.exec(text);
  if (!memory) return undefined;
  const [, offset = '0', base, indexed, scale = '1'] = memory;
  const reg = BY_NAME.get(base);
  if (reg === undefined) return undefined;
  if (indexed === undefined) return { kind: 'deref', reg, offset: Number(offset) };
  const index = BY_NAME.get(indexed);
  if (index === undefined) return undefined;
  return { kind: 'indexed', reg, index, scale: Number(scale), offset: Number(offset) };
}
