import { dnsAnswer, dnsQuery, firstAddress } from './dns';
import { parseIp } from './endpoint';

const zone = new Map([['example.com', parseIp('93.184.215.14')!]]);

test('a known name gets its address, an unknown one NXDOMAIN', () => {
  expect(firstAddress(dnsAnswer(dnsQuery('example.com', 7), zone)!)).toBe('93.184.215.14');
  const missing = dnsAnswer(dnsQuery('nope.example', 7), zone)!;
  expect(missing[3] & 0xf).toBe(3);
  expect(firstAddress(missing)).toBeUndefined();
});

test('the answer carries the id of the query', () => {
  const answer = dnsAnswer(dnsQuery('example.com', 0xbeef), zone)!;
  expect(new DataView(answer.buffer).getUint16(0)).toBe(0xbeef);
});

test.each([[[]], [[1, 2, 3]], [[...new Array(12).fill(0), 60, 1]]])(
  'malformed query %j is no query',
  (bytes) => {
    expect(dnsAnswer(new Uint8Array(bytes), zone)).toBeUndefined();
  },
);
