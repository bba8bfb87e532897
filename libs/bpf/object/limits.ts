/** Bounds on what an object may hold, far above real ones, so that no file makes the parser slow or hungry. */
export const LIMITS = {
  fileBytes: 64 * 1024 * 1024,
  sections: 16_384,
  /** Sections of global variables. */
  dataSections: 1024,
  symbols: 1_000_000,
  relocations: 2_000_000,
  /** `BPF_COMPLEXITY_LIMIT_INSNS`: longer programs are E2BIG for privileged users too. */
  programInsns: 1_000_000,
  /** All programs of an object together after linking, which copies subprograms. */
  objectInsns: 2_000_000,
  /** A data section becomes one map value; the kernel allows no larger one (KMALLOC_MAX_SIZE, INT_MAX for arrays). */
  dataBytes: 0x7fff_ffff,
  maps: 65_536,
  programs: 65_536,
  /** Source lines and names in `.BTF.ext`, all together. */
  debugTextBytes: 64 * 1024 * 1024,
  /** Bytes of a `.bss` that may be materialised to set a variable in it. */
  variableBytes: 64 * 1024 * 1024,
} as const;
