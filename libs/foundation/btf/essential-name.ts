/**
 * CO-RE's essential name: a name less its `___flavour` (`struct task_struct___old` stands for `task_struct`).
 * Follows tools/lib/bpf/relo_core.c: bpf_core_essential_name_len.
 */
const UNDERSCORE = 0x5f;

/** Bytes of the essential part of the name at [start, end). */
export function essentialLength(bytes: Uint8Array, start: number, end: number): number {
  for (let i = end - 5; i >= start; i--) {
    if (
      bytes[i] !== UNDERSCORE &&
      bytes[i + 1] === UNDERSCORE &&
      bytes[i + 2] === UNDERSCORE &&
      bytes[i + 3] === UNDERSCORE &&
      bytes[i + 4] !== UNDERSCORE
    ) {
      return i + 1 - start;
    }
  }
  return end - start;
}

const FLAVOUR = /^(.*[^_])___[^_]/s;

/** The name less its flavour. */
export function essentialName(name: string): string {
  return FLAVOUR.exec(name)?.[1] ?? name;
}
