import { AF } from '@probed/abi';
import type { Kernel } from '../kernel';
import { Endpoint, type EndpointAddress } from './endpoint';

const SOCKADDR_IN_BYTES = 16;

/** `struct sockaddr_in`, 16 bytes. */
export function encodeSockaddr(at: EndpointAddress): Uint8Array {
  const bytes = new Uint8Array(SOCKADDR_IN_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.INET, true);
  view.setUint16(2, at.port);
  view.setUint32(4, at.ip);
  return bytes;
}

/** The kernel's copy of an address, for functions that take a `struct sockaddr *`. */
export function sockaddrWord(k: Kernel, at: EndpointAddress): number {
  return k.ptr(k.transient.bytes(encodeSockaddr(at)));
}

/** What a `struct sockaddr` says. */
export type SocketAddress =
  | { readonly family: 'inet'; readonly endpoint: Endpoint }
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'other'; readonly number: number };

/** Parses an address from user memory; undefined when it is too short. */
export function decodeSockaddr(bytes: Uint8Array): SocketAddress | undefined {
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const family = view.getUint16(0, true);
  if (family === AF.UNIX) {
    const raw = bytes.subarray(2);
    const end = raw.indexOf(0, raw[0] === 0 ? 1 : 0);
    return { family: 'unix', path: new TextDecoder().decode(end < 0 ? raw : raw.subarray(0, end)) };
  }
  if (family !== AF.INET) return { family: 'other', number: family };
  if (bytes.length < SOCKADDR_IN_BYTES) return undefined;
  return { family: 'inet', endpoint: new Endpoint(view.getUint32(4), view.getUint16(2)) };
}
