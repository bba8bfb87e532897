import { Endpoint } from './endpoint';
import { packetBytes, type Segment, TCP_FLAG } from './segment';

function onesComplement(bytes: Uint8Array, start: number, length: number, seed = 0): number {
  let total = seed;
  for (let i = 0; i < length; i += 2)
    total += (bytes[start + i] << 8) | (i + 1 < length ? bytes[start + i + 1] : 0);
  while (total > 0xffff) total = (total & 0xffff) + (total >>> 16);
  return total;
}

test.each([6, 17] as const)('protocol %i: header fields and checksums hold', (protocol) => {
  const packet: Segment = {
    from: new Endpoint(0x0af40111, 40_000),
    to: new Endpoint(0x0af40117, 5_432),
    protocol,
    flags: TCP_FLAG.ACK | TCP_FLAG.PSH,
    seq: 0x1234_5678,
    ack: 1,
    payload: new TextEncoder().encode('SELECT 1;'),
    sock: undefined,
  };
  const bytes = packetBytes(packet);
  const view = new DataView(bytes.buffer);
  const l4 = protocol === 6 ? 20 : 8;
  expect(view.getUint16(16)).toBe(20 + l4 + 9);
  expect([bytes[23], view.getUint16(34), view.getUint16(36)]).toEqual([protocol, 40_000, 5_432]);
  expect(onesComplement(bytes, 14, 20)).toBe(0xffff);
  const pseudo = onesComplement(bytes, 26, 8) + protocol + l4 + 9;
  expect(onesComplement(bytes, 34, l4 + 9, pseudo)).toBe(0xffff);
});
