import { checkClassic } from './check';
import { convertClassic } from './convert';
import { type ClassicInsn, decodeClassic, encodeClassic, parseClassic } from './insn';
import { packetInput, runClassic } from './run';
import { classicText } from './text';

const insn = (code: number, k = 0, jt = 0, jf = 0): ClassicInsn => ({ code, jt, jf, k });
const RET_A = insn(0x16);
const RET = (k: number) => insn(0x06, k);

/** What `tcpdump -ddd 'ip and udp port 53'` gives for Ethernet, less IPv6. */
const UDP_53 = `13
40 0 0 12
21 0 10 2048
48 0 0 23
21 0 8 17
40 0 0 20
69 6 0 8191
177 0 0 14
72 0 0 14
21 2 0 53
72 0 0 16
21 0 1 53
6 0 0 262144
6 0 0 0`;

function parsed(text: string): ClassicInsn[] {
  const insns = parseClassic(text);
  if (!insns.ok) throw new Error(insns.error.message);
  return insns.value;
}

/** An Ethernet frame with a UDP datagram, options in its IP header. */
function udpFrame(sourcePort: number, targetPort: number): Uint8Array {
  const frame = new Uint8Array(60);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x800);
  frame[14] = 0x46;
  frame[23] = 17;
  view.setUint16(14 + 24, sourcePort);
  view.setUint16(14 + 26, targetPort);
  return frame;
}

test('a filter of tcpdump, over packets', () => {
  const insns = parsed(UDP_53);
  expect(checkClassic(insns).ok).toBe(true);
  const run = (packet: Uint8Array) => runClassic(insns, packetInput(packet));
  expect(run(udpFrame(1000, 53))).toBe(262144);
  expect(run(udpFrame(53, 1000))).toBe(262144);
  expect(run(udpFrame(54, 1000))).toBe(0);
  expect(run(udpFrame(53, 53).subarray(0, 20))).toBe(0);
});

test('a listing is the one of tcpdump -d', () => {
  expect(parsed(UDP_53).map(classicText)).toEqual([
    '(000) ldh      [12]',
    '(001) jeq      #0x800           jt 2\tjf 12',
    '(002) ldb      [23]',
    '(003) jeq      #0x11            jt 4\tjf 12',
    '(004) ldh      [20]',
    '(005) jset     #0x1fff          jt 12\tjf 6',
    '(006) ldxb     4*([14]&0xf)',
    '(007) ldh      [x + 14]',
    '(008) jeq      #0x35            jt 11\tjf 9',
    '(009) ldh      [x + 16]',
    '(010) jeq      #0x35            jt 11\tjf 12',
    '(011) ret      #262144',
    '(012) ret      #0',
  ]);
});

test.each([
  [insn(0x30, 0xffff_f030), 'ldb      [vlanp]'],
  [insn(0x20, 0xffff_f008), 'ld       [ifidx]'],
  [insn(0x80), 'ld       #pktlen'],
  [insn(0x01, 20), 'ldx      #0x14'],
  [insn(0x60, 3), 'ld       M[3]'],
  [insn(0x03, 15), 'stx      M[15]'],
  [insn(0x05, 4), 'ja       6'],
  [insn(0x1d, 0, 1, 2), 'jeq      x                jt 3\tjf 4'],
  [insn(0x24, 10), 'mul      #10'],
  [insn(0x5c), 'and      x'],
  [insn(0xa4, 255), 'xor      #0xff'],
  [insn(0x84), 'neg      '],
  [RET_A, 'ret      '],
  [insn(0xff), 'unimp    0xff'],
])('%j is %s', (one, text) => {
  expect(classicText(one, 1)).toBe(`(001) ${text}`);
});

test('bytes and text come back', () => {
  const insns = parsed(UDP_53);
  const decoded = decodeClassic(encodeClassic(insns));
  expect(decoded.ok && decoded.value).toEqual(insns);
  expect(parsed(UDP_53.replaceAll('\n', ','))).toEqual(insns);
  expect(decodeClassic(new Uint8Array(9)).ok).toBe(false);
});

test.each([
  ['', /no instructions announced/],
  ['2\n6 0 0 0', /2 instructions announced, 1 found/],
  ['1\n6 0 0', /code jt jf k are wanted, not 6 0 0/],
  ['1\n6 0 256 0', /wanted/],
  ['1\n6 0 0 0x1G', /wanted/],
])('text %j is refused', (text, message) => {
  const result = parseClassic(text);
  expect(!result.ok && result.error.message).toMatch(message);
});

describe('what Linux refuses to attach', () => {
  test.each([
    ['nothing', [], 'socket', /0 instructions/],
    ['too much', new Array(4097).fill(RET(0)), 'socket', /4097 instructions/],
    ['an unknown code', [insn(0x87), insn(0xb7), RET(0)], 'socket', /code 0xb7/],
    ['division by 0', [insn(0x34), RET(0)], 'socket', /division by 0/],
    ['a shift by 32', [insn(0x64, 32), RET(0)], 'socket', /shift by 32/],
    ['scratch memory beyond 16 words', [insn(0x02, 16), RET(0)], 'socket', /M\[16\]/],
    ['a jump to the end', [insn(0x15, 0, 0, 1), RET(0)], 'socket', /beyond the end/],
    ['a far jump', [insn(0x05, 0xffff_ffff), RET(0)], 'socket', /beyond the end/],
    ['no ret', [insn(0x00)], 'socket', /no ret/],
    ['an unset word', [insn(0x60, 1), RET_A], 'socket', /M\[1\] is loaded/],
    ['a word set on one way', [insn(0x15, 0, 0, 1), insn(0x02, 1), insn(0x60, 1), RET_A], 'socket', /M\[1\]/],
    ['an unknown ancillary', [insn(0x20, 0xffff_f040), RET_A], 'socket', /SKF_AD_OFF \+ 64/],
    ['half a word of seccomp_data', [insn(0x20, 2), RET_A], 'seccomp', /no word at 2/],
    ['a byte of seccomp_data', [insn(0x30, 4), RET_A], 'seccomp', /words at fixed offsets/],
    ['mod in seccomp', [insn(0x94, 3), RET_A], 'seccomp', /mod/],
  ] as const)('%s', (_what, insns, flavour, message) => {
    const result = checkClassic(insns, flavour);
    expect(result).toMatchObject({ ok: false, error: { errno: 22 } });
    expect(!result.ok && `${result.error.where}: ${result.error.message}`).toMatch(message);
  });
});

test('a word set on all ways may be loaded', () => {
  const ways = [insn(0x15, 0, 0, 2), insn(0x02, 1), insn(0x05, 1), insn(0x02, 1), insn(0x60, 1), RET_A];
  expect(checkClassic(ways).ok).toBe(true);
});

test('a seccomp filter becomes loads of seccomp_data', () => {
  const converted = convertClassic([insn(0x20, 4), insn(0x80), RET_A], 'seccomp');
  const opcodes = converted.ok ? converted.value.map(({ opcode, off, imm }) => [opcode, off, imm]) : [];
  expect(opcodes.slice(3)).toEqual([
    [0x61, 4, 0],
    [0xb4, 0, 64],
    [0x95, 0, 0],
  ]);
});

test('what eBPF cannot ask is refused by name', () => {
  const result = convertClassic([insn(0x20, 0xffff_f000 + 13 * 4), RET_A]);
  expect(result).toMatchObject({
    ok: false,
    error: { errno: 95, message: expect.stringContaining('[poff]') },
  });
});

test('ancillary loads ask the input', () => {
  const input = {
    ...packetInput(new Uint8Array(4)),
    ancillary: (what: string) => (what === 'mark' ? 7 : undefined),
  };
  expect(runClassic([insn(0x20, 0xffff_f000 + 5 * 4), RET_A], input)).toBe(7);
  expect(runClassic([insn(0x20, 0xffff_f000), RET(9)], input)).toBe(0);
});

test('offsets count from headers too', () => {
  const packet = Uint8Array.of(1, 2, 3, 4);
  const load = (k: number) =>
    runClassic([insn(0x30, k), RET_A], packetInput(packet, { link: 0, network: 2 }));
  expect([load(0xfff0_0001), load(0xffe0_0001), load(0xfff0_0002)]).toEqual([4, 2, 0]);
});
