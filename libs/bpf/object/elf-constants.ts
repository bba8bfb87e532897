/** Numbers of ELF64 that object files use (System V gABI, `include/uapi/linux/elf.h`). */
export const ELF_HEADER_BYTES = 64;
export const SECTION_HEADER_BYTES = 64;
export const SYMBOL_BYTES = 24;
export const REL_BYTES = 16;
export const RELA_BYTES = 24;

export const ELFCLASS32 = 1;
export const ELFCLASS64 = 2;
export const ELFDATA2LSB = 1;
export const ELFDATA2MSB = 2;

export const ET_REL = 1;
export const EM_NONE = 0;
export const EM_BPF = 247;

export const SHT = { NULL: 0, PROGBITS: 1, SYMTAB: 2, STRTAB: 3, RELA: 4, NOBITS: 8, REL: 9 } as const;
export const SHF_EXECINSTR = 4;

export const SHN_UNDEF = 0;
/** First of the reserved section indexes (SHN_ABS, SHN_COMMON, …). */
export const SHN_LORESERVE = 0xff00;
export const SHN_XINDEX = 0xffff;

export const STT = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4 } as const;
export const STB = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;
export const STV = { DEFAULT: 0, INTERNAL: 1, HIDDEN: 2 } as const;

/** What people load by mistake, by `e_machine`. */
export const MACHINE_NAMES: Readonly<Record<number, string>> = {
  3: 'x86 (32-bit)',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC 64',
  22: 'S/390',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  243: 'RISC-V',
  258: 'LoongArch',
};

/** `e_type` values other than ET_REL, by name. */
export const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'file of no type',
  2: 'executable',
  3: 'shared object',
  4: 'core dump',
};
