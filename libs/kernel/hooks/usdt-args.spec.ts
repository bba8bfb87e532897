import { parseUsdtArgs } from './usdt-args';

test.each([
  ['8@%rdi', [{ bytes: 8, signed: false, place: { kind: 'reg', reg: 'di' } }]],
  ['-4@%r12d', [{ bytes: 4, signed: true, place: { kind: 'reg', reg: 'r12' } }]],
  ['-4@$-9', [{ bytes: 4, signed: true, place: { kind: 'const', value: -9 } }]],
  ['8@-16(%rbp)', [{ bytes: 8, signed: false, place: { kind: 'deref', reg: 'bp', offset: -16 } }]],
  ['8@(%rax)', [{ bytes: 8, signed: false, place: { kind: 'deref', reg: 'ax', offset: 0 } }]],
  [
    '1@4(%rdx,%rcx,2)',
    [{ bytes: 1, signed: false, place: { kind: 'indexed', reg: 'dx', index: 'cx', scale: 2, offset: 4 } }],
  ],
  ['', []],
])('%p', (text, args) => {
  expect(parseUsdtArgs(text)).toEqual(args);
});

test.each(['8@', '3@%rdi', '8@%zmm0', '8@symbol+4(%rip', 'nonsense'])('%p is not understood', (text) => {
  expect(parseUsdtArgs(text)).toBeUndefined();
});

test('several in order', () => {
  expect(parseUsdtArgs('8@%rdi -4@%esi 8@%rax')?.map(({ bytes }) => bytes)).toEqual([8, 4, 8]);
});
