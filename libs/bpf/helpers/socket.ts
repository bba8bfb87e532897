import type { HelperFamily } from './helper-context';

/** net/core/filter.c: bpf_get_socket_ptr_cookie, the form that tracing programs call; 0 for NULL. */
export const SOCKET_HELPERS: HelperFamily = {
  get_socket_cookie: (c) => (sock) => c.word(sock === 0 ? 0 : (c.services.socketCookie?.(sock) ?? 0)),
};
