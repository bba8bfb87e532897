import { traced } from '../trace/traced';
import type { Sock } from './sock';

/** `net/ipv4/tcp.c: tcp_set_state` */
export const tcpSetState = traced<[Sock, number]>(
  'tcp_set_state',
  (k, sock, state) => [k.ptr(sock.offset), state],
  (k, sock, state) => {
    sock.storeState(k, state);
    return 0;
  },
);
