import { readI64, writeI64 } from '@probed/base';

/** Byte offsets in `struct pt_regs` (arch/x86/include/asm/ptrace.h), 21 words of 8 bytes. */
const PT_REGS = {
  r15: 0,
  r14: 8,
  r13: 16,
  r12: 24,
  bp: 32,
  bx: 40,
  r11: 48,
  r10: 56,
  r9: 64,
  r8: 72,
  ax: 80,
  cx: 88,
  dx: 96,
  si: 104,
  di: 112,
  orig_ax: 120,
  ip: 128,
  cs: 136,
  flags: 144,
  sp: 152,
  ss: 160,
} as const;

export const PT_REGS_BYTES = 168;

/** Argument registers of the x86-64 System V calling convention, in order. */
const ARGUMENT_REGISTERS = ['di', 'si', 'dx', 'cx', 'r8', 'r9'] as const;

/** Selectors of flat segments (arch/x86/include/asm/segment.h). */
const KERNEL_CS = 0x10;
const KERNEL_DS = 0x18;
const USER_CS = 0x33;
const USER_DS = 0x2b;
const RFLAGS_IF = 0x200;

const NO_REGS: Readonly<Record<string, number>> = {};

export interface RegisterState {
  readonly ip: number;
  readonly user: boolean;
  readonly sp?: number;
  readonly bp?: number;
  /** Registers by name that hold what no function's arguments are (USDT probes). */
  readonly regs?: Readonly<Record<string, number>>;
  /** Function arguments at entry. */
  readonly args?: readonly number[];
  /** Return value, at a function's return. */
  readonly ret?: number;
}

/** Writes a `struct pt_regs` of a function's entry or return at `offset`; registers not known are zero. */
export function writePtRegs(view: DataView, offset: number, state: RegisterState): void {
  for (let at = 0; at < PT_REGS_BYTES; at += 8) writeI64(view, offset + at, 0);
  const args = state.args ?? [];
  for (let i = 0; i < args.length && i < ARGUMENT_REGISTERS.length; i++) {
    writeI64(view, offset + PT_REGS[ARGUMENT_REGISTERS[i]], args[i]);
  }
  if (state.ret !== undefined) writeI64(view, offset + PT_REGS.ax, state.ret);
  writeI64(view, offset + PT_REGS.ip, state.ip);
  writeI64(view, offset + PT_REGS.cs, state.user ? USER_CS : KERNEL_CS);
  writeI64(view, offset + PT_REGS.flags, RFLAGS_IF);
  writeI64(view, offset + PT_REGS.sp, state.sp ?? 0);
  writeI64(view, offset + PT_REGS.bp, state.bp ?? 0);
  for (const [name, word] of Object.entries(state.regs ?? NO_REGS)) {
    const at = PT_REGS[name as keyof typeof PT_REGS];
    if (at !== undefined) writeI64(view, offset + at, word);
  }
  writeI64(view, offset + PT_REGS.ss, state.user ? USER_DS : KERNEL_DS);
}

/** Byte offset of a register in `struct pt_regs`, by the member's name. */
export function registerOffset(name: string): number | undefined {
  return PT_REGS[name as keyof typeof PT_REGS];
}

/** Stack and frame pointer out of a `struct pt_regs` at `offset`. */
export function readStackRegs(view: DataView, offset: number): { sp: number; bp: number } {
  return { sp: readI64(view, offset + PT_REGS.sp), bp: readI64(view, offset + PT_REGS.bp) };
}
