/** `enum bpf_reg_type` (include/linux/bpf.h); the low 8 bits of {@link RegState.type}. */
export enum RegBase {
  NOT_INIT = 0,
  SCALAR_VALUE,
  PTR_TO_CTX,
  CONST_PTR_TO_MAP,
  PTR_TO_MAP_VALUE,
  PTR_TO_MAP_KEY,
  PTR_TO_STACK,
  PTR_TO_PACKET_META,
  PTR_TO_PACKET,
  PTR_TO_PACKET_END,
  PTR_TO_FLOW_KEYS,
  PTR_TO_SOCKET,
  PTR_TO_SOCK_COMMON,
  PTR_TO_TCP_SOCK,
  PTR_TO_TP_BUFFER,
  PTR_TO_XDP_SOCK,
  PTR_TO_BTF_ID,
  PTR_TO_MEM,
  PTR_TO_ARENA,
  PTR_TO_BUF,
  PTR_TO_FUNC,
  CONST_PTR_TO_DYNPTR,
}

const FLAG = (bit: number): number => 1 << (8 + bit);

/** `enum bpf_type_flag`: modifiers of register and argument types, above the base type's 8 bits. */
export const PTR_MAYBE_NULL = FLAG(0);
export const MEM_RDONLY = FLAG(1);
export const MEM_RINGBUF = FLAG(2);
export const MEM_USER = FLAG(3);
export const MEM_PERCPU = FLAG(4);
export const OBJ_RELEASE = FLAG(5);
export const PTR_UNTRUSTED = FLAG(6);
export const MEM_UNINIT = FLAG(7);
export const DYNPTR_TYPE_LOCAL = FLAG(8);
export const DYNPTR_TYPE_RINGBUF = FLAG(9);
export const MEM_FIXED_SIZE = FLAG(10);
export const MEM_ALLOC = FLAG(11);
export const PTR_TRUSTED = FLAG(12);
export const MEM_RCU = FLAG(13);
export const NON_OWN_REF = FLAG(14);
export const DYNPTR_TYPE_SKB = FLAG(15);
export const DYNPTR_TYPE_XDP = FLAG(16);
export const MEM_ALIGNED = FLAG(17);
export const MEM_WRITE = FLAG(18);
export const DYNPTR_TYPE_SKB_META = FLAG(19);

export function baseType(type: number): RegBase {
  return type & 0xff;
}

export function typeFlags(type: number): number {
  return type & ~0xff;
}

export function typeMayBeNull(type: number): boolean {
  return (type & PTR_MAYBE_NULL) !== 0;
}

export function typeIsSkPointer(base: RegBase): boolean {
  return (
    base === RegBase.PTR_TO_SOCKET ||
    base === RegBase.PTR_TO_SOCK_COMMON ||
    base === RegBase.PTR_TO_TCP_SOCK ||
    base === RegBase.PTR_TO_XDP_SOCK
  );
}

export function typeIsPktPointer(base: RegBase): boolean {
  return base === RegBase.PTR_TO_PACKET || base === RegBase.PTR_TO_PACKET_META;
}

/** kernel/bpf/verifier.c: type_is_ptr_alloc_obj. */
export function typeIsPtrAllocObj(type: number): boolean {
  return baseType(type) === RegBase.PTR_TO_BTF_ID && (type & MEM_ALLOC) !== 0;
}

/** kernel/bpf/verifier.c: type_is_non_owning_ref. */
export function typeIsNonOwningRef(type: number): boolean {
  return typeIsPtrAllocObj(type) && (type & NON_OWN_REF) !== 0;
}

const STR: Record<RegBase, string> = {
  [RegBase.NOT_INIT]: '?',
  [RegBase.SCALAR_VALUE]: 'scalar',
  [RegBase.PTR_TO_CTX]: 'ctx',
  [RegBase.CONST_PTR_TO_MAP]: 'map_ptr',
  [RegBase.PTR_TO_MAP_VALUE]: 'map_value',
  [RegBase.PTR_TO_MAP_KEY]: 'map_key',
  [RegBase.PTR_TO_STACK]: 'fp',
  [RegBase.PTR_TO_PACKET_META]: 'pkt_meta',
  [RegBase.PTR_TO_PACKET]: 'pkt',
  [RegBase.PTR_TO_PACKET_END]: 'pkt_end',
  [RegBase.PTR_TO_FLOW_KEYS]: 'flow_keys',
  [RegBase.PTR_TO_SOCKET]: 'sock',
  [RegBase.PTR_TO_SOCK_COMMON]: 'sock_common',
  [RegBase.PTR_TO_TCP_SOCK]: 'tcp_sock',
  [RegBase.PTR_TO_TP_BUFFER]: 'tp_buffer',
  [RegBase.PTR_TO_XDP_SOCK]: 'xdp_sock',
  [RegBase.PTR_TO_BTF_ID]: 'ptr_',
  [RegBase.PTR_TO_MEM]: 'mem',
  [RegBase.PTR_TO_ARENA]: 'arena',
  [RegBase.PTR_TO_BUF]: 'buf',
  [RegBase.PTR_TO_FUNC]: 'func',
  [RegBase.CONST_PTR_TO_DYNPTR]: 'dynptr_ptr',
};

const PREFIXES: readonly (readonly [number, string])[] = [
  [MEM_RDONLY, 'rdonly_'],
  [MEM_RINGBUF, 'ringbuf_'],
  [MEM_USER, 'user_'],
  [MEM_PERCPU, 'percpu_'],
  [MEM_RCU, 'rcu_'],
  [PTR_UNTRUSTED, 'untrusted_'],
  [PTR_TRUSTED, 'trusted_'],
];

/** kernel/bpf/log.c: reg_type_str. */
export function regTypeStr(type: number): string {
  let prefix = '';
  for (const [flag, text] of PREFIXES) if ((type & flag) !== 0) prefix += text;
  const base = baseType(type);
  let postfix = '';
  if ((type & PTR_MAYBE_NULL) !== 0) postfix = base === RegBase.PTR_TO_BTF_ID ? 'or_null_' : '_or_null';
  return `${prefix}${STR[base]}${postfix}`;
}
