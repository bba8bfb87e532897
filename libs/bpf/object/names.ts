/** A name less its `___flavour`, as libbpf's bpf_core_essential_name_len has it. */
export function essentialName(name: string): string {
  return /^(.*[^_])___[^_]/s.exec(name)?.[1] ?? name;
}
