import { addressBytes } from '@probed/machine';
import { fail } from './errors';

const EINVAL = 22;

/** 16 bits from host to network order, as C's `htons`; `__be16` members hold this. */
export function htons(value: number): number {
  return ((value & 0xff) << 8) | ((value >>> 8) & 0xff);
}

/** 16 bits from network to host order. */
export function ntohs(value: number): number {
  return htons(value);
}

/** 32 bits from host to network order. */
export function htonl(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** 32 bits from network to host order. */
export function ntohl(value: number): number {
  return htonl(value);
}

/** An IPv4 address as a `__be32` holds it, as C's `inet_addr`. @throws ProbedError `address` */
export function inetAddr(text: string): number {
  const bytes = addressBytes(text);
  if (bytes?.length !== 4) fail('address', `${text} is no IPv4 address`, { errno: EINVAL });
  return new DataView(bytes.buffer).getUint32(0, true);
}

/** Dotted text of an IPv4 address in a `__be32`, as C's `inet_ntoa`. */
export function inetNtoa(address: number): string {
  return [0, 8, 16, 24].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Bytes of an IPv4 or IPv6 address, as C's `inet_pton`. @throws ProbedError `address` */
export function inetPton(text: string): Uint8Array {
  return addressBytes(text) ?? fail('address', `${text} is no internet address`, { errno: EINVAL });
}
