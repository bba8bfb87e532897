import { AF } from '@probed/abi';

/** A `struct sockaddr_in`, 16 bytes. @param ip dotted quad */
export function sockaddrIn(ip: string, port: number): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, AF.INET, true);
  view.setUint16(2, port, false);
  bytes.set(
    ip.split('.').map((part) => Number(part)),
    4,
  );
  return bytes;
}
