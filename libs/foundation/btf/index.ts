/** BPF Type Format: parse, encode, print as C, match for CO-RE. Canonical spec: Documentation/bpf/btf.rst. */
export interface Btf {
  readonly types: number;
}
