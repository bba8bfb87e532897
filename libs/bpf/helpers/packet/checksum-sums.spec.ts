import { csum16Add, csum16Sub, csumAdd, csumBlockAdd, csumFold, csumPartial, csumSub } from './checksum-sums';

/** The example of RFC 1071 §3, whose sum is ddf2 in network order. */
const RFC1071 = Uint8Array.of(0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7);
const swapped = (value: number) => ((value << 8) | (value >> 8)) & 0xffff;

test('the example of RFC 1071', () => {
  expect(swapped(~csumFold(csumPartial(RFC1071, 0, 8, 0)) & 0xffff)).toBe(0xddf2);
});

test('an IPv4 header with its checksum folds to 0', () => {
  const header = Buffer.from('450000731234400040112345c0a80001c0a800c7', 'hex');
  header.writeUInt16LE(0, 10);
  header.writeUInt16LE(csumFold(csumPartial(header, 0, 20, 0)), 10);
  expect(csumFold(csumPartial(header, 0, 20, 0))).toBe(0);
});

test('sums of parts add up to the sum of the whole, at odd places too', () => {
  const bytes = Uint8Array.from({ length: 61 }, (_, i) => (i * 37) & 0xff);
  const whole = csumFold(csumPartial(bytes, 0, 61, 0));
  for (let cut = 0; cut <= 61; cut++) {
    const parts = csumBlockAdd(csumPartial(bytes, 0, cut, 0), csumPartial(bytes, cut, 61 - cut, 0), cut);
    expect(csumFold(parts)).toBe(whole);
  }
});

test.each([
  [0, 0],
  [0xffff_ffff, 1],
  [0x8000_0000, 0x8000_0001],
  [0x1234_5678, 0xfedc_ba98],
])('%i and %i: what is added comes off again', (a, b) => {
  // Zero has two forms.
  expect(csumFold(csumSub(csumAdd(a, b), b)) % 0xffff).toBe(csumFold(a) % 0xffff);
  const [a16, b16] = [a & 0xffff, b & 0xffff];
  expect(csum16Sub(csum16Add(a16, b16), b16) % 0xffff).toBe(a16 % 0xffff);
});
