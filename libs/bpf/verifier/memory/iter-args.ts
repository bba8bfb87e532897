import { MEM_RDONLY, PTR_MAYBE_NULL, PTR_TRUSTED, RegBase } from '../state/reg-type';

const BTF_OR_NULL = RegBase.PTR_TO_BTF_ID | PTR_MAYBE_NULL;
const TRUSTED_OR_NULL = BTF_OR_NULL | PTR_TRUSTED;
const BUF = RegBase.PTR_TO_BUF | PTR_MAYBE_NULL;
const RDONLY_BUF = BUF | MEM_RDONLY;

/**
 * Arguments of iterators that may be NULL, since the last call has no object, or that are buffers: `ctx_arg_info` of
 * each `struct bpf_iter_reg`, by iterator and argument (kernel/bpf/*_iter.c, net/ipv4/tcp_ipv4.c, …). Others are
 * trusted pointers.
 */
const ITER_ARGS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  bpf_link: { link: BTF_OR_NULL },
  bpf_map: { map: TRUSTED_OR_NULL },
  bpf_map_elem: { key: RDONLY_BUF, value: BUF },
  bpf_prog: { prog: BTF_OR_NULL },
  bpf_sk_storage_map: { sk: BTF_OR_NULL, value: BUF },
  cgroup: { cgroup: TRUSTED_OR_NULL },
  dmabuf: { dmabuf: BTF_OR_NULL },
  ipv6_route: { rt: BTF_OR_NULL },
  kmem_cache: { s: TRUSTED_OR_NULL },
  ksym: { ksym: BTF_OR_NULL },
  netlink: { sk: BTF_OR_NULL },
  sockmap: { key: RDONLY_BUF, sk: BTF_OR_NULL },
  task: { task: TRUSTED_OR_NULL },
  task_file: { task: BTF_OR_NULL, file: BTF_OR_NULL },
  task_vma: { task: BTF_OR_NULL, vma: BTF_OR_NULL },
  tcp: { sk_common: TRUSTED_OR_NULL },
  udp: { udp_sk: TRUSTED_OR_NULL },
  unix: { unix_sk: BTF_OR_NULL },
};

/** Register type of an iterator's argument, undefined for one of no special kind. @param iterator without `bpf_iter_` */
export function iterArgType(iterator: string, argument: string): number | undefined {
  return ITER_ARGS[iterator]?.[argument];
}

/** Whether the kernel has an iterator of that name (`bpf_iter_prog_supported`). */
export function isIterator(name: string): boolean {
  return Object.hasOwn(ITER_ARGS, name);
}
