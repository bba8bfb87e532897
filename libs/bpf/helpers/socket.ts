import type { HelperFamily } from './helper-context';

/** net/core/filter.c. */
export const SOCKET_HELPERS: HelperFamily = {
  /** Of a packet, its socket's; tracing programs pass the socket itself (bpf_get_socket_ptr_cookie), 0 for NULL. */
  get_socket_cookie: (c) => (at) => {
    const { packets, packetCookie, socketCookie } = c.services;
    if (at === 0) return c.u64(0, 0);
    const cookie = packets?.at(at) ? packetCookie?.call(c.services) : socketCookie?.call(c.services, at);
    return c.word(cookie ?? 0);
  },
  /** The socket of a test run is the kernel's own, and therefore root's. */
  get_socket_uid: (c) => () => c.u64(0, 0),
  /** Of the initial network namespace, which is the first to be asked; no other is emulated. */
  get_netns_cookie: (c) => () => c.u64(1, 0),
  /** Programs are only ever given full sockets. */
  sk_fullsock: () => (sk) => sk,
  /** The socket of a test run is of no protocol. */
  tcp_sock: () => () => 0,
  get_listener_sock: () => () => 0,
};
