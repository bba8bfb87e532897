import { type ContextLayout, type ContextView, field, view, words } from './layout';

/** `struct bpf_sock_addr`; addresses may also be accessed by aligned pairs of words (`bpf_ctx_wide_access_ok`). */
const SOCK_ADDR: ContextLayout = {
  struct: 'bpf_sock_addr',
  size: 72,
  fields: [
    field('user_family', 0, 4, 'whole'),
    field('user_ip4', 4, 4, 'narrow'),
    ...words('user_ip6', 8, 'narrow'),
    field('user_ip6[0..1]', 8, 8, 'whole'),
    field('user_ip6[2..3]', 16, 8, 'whole'),
    field('user_port', 24, 4, 'narrow'),
    field('family', 28, 4, 'whole'),
    field('type', 32, 4, 'whole'),
    field('protocol', 36, 4, 'whole'),
    field('msg_src_ip4', 40, 4, 'narrow'),
    ...words('msg_src_ip6', 44, 'narrow'),
    field('msg_src_ip6[1..2]', 48, 8, 'whole'),
    field('sk', 64, 8, 'whole', 'socket'),
  ],
};

const COMMON = ['user_family', 'user_port', 'family', 'type', 'protocol', 'sk'];
const IP6 = [0, 1, 2, 3].map((i) => `user_ip6[${i}]`).concat('user_ip6[0..1]', 'user_ip6[2..3]');
const SRC_IP6 = [0, 1, 2, 3].map((i) => `msg_src_ip6[${i}]`).concat('msg_src_ip6[1..2]');

/** What a hook sees besides the fields of all: addresses, which it may also change. */
function addresses(...names: readonly string[]): ContextView {
  const denied = SOCK_ADDR.fields
    .map(({ name }) => name)
    .filter((name) => ![...COMMON, ...names].includes(name));
  return view(SOCK_ADDR, denied, ['user_port', ...names]);
}

/** By the address family of the hook; net/core/filter.c: sock_addr_is_valid_access. */
export const SOCK_ADDR_VIEWS = {
  inet4: addresses('user_ip4'),
  inet6: addresses(...IP6),
  sendmsg4: addresses('user_ip4', 'msg_src_ip4'),
  sendmsg6: addresses(...IP6, ...SRC_IP6),
  unix: addresses(),
} as const;
