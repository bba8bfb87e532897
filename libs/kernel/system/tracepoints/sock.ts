import type { Kernel } from '../kernel';
import type { Sock } from '../net/sock';
import { row } from './row';

/** Addresses as the records have them: IPv4 bytes, and the same mapped into IPv6. */
export function sockAddresses(sock: Sock) {
  const mapped = (v4: Uint8Array) => {
    const out = new Uint8Array(16);
    out.set([0xff, 0xff], 10);
    out.set(v4, 12);
    return out;
  };
  const saddr = sock.local.bytes();
  const daddr = sock.remote.bytes();
  return {
    sport: sock.local.port,
    dport: sock.remote.port,
    family: sock.family,
    saddr,
    daddr,
    saddr_v6: mapped(saddr),
    daddr_v6: mapped(daddr),
  };
}

/** `include/trace/events/sock.h` */
export function sockRows(k: Kernel) {
  const length = (name: string) =>
    row(
      'sock',
      name,
      (sock: Sock, ret: number, flags: number) => [k.ptr(sock.offset), ret, flags],
      (sock, ret, flags) => ({
        sk: k.ptr(sock.offset),
        family: sock.family,
        protocol: sock.protocol,
        ret,
        flags,
      }),
    );
  return {
    inetSockSetState: row(
      'sock',
      'inet_sock_set_state',
      (sock: Sock, from: number, to: number) => [k.ptr(sock.offset), from, to],
      (sock, from, to) => ({
        skaddr: k.ptr(sock.offset),
        oldstate: from,
        newstate: to,
        protocol: sock.protocol,
        ...sockAddresses(sock),
      }),
    ),
    sockSendLength: length('sock_send_length'),
    sockRecvLength: length('sock_recv_length'),
  };
}
