import { assemble } from '@probed/isa';
import type { RecordedRun, RecordedStep } from '@probed/machine';
import type { VerifiedProgram } from '@probed/spec';
import { MOVES } from './moves';
import { stepPage } from './step-page';
import { StepText } from './step-text';

const FP = 0xffff_8880_0001_0000n;
const CTX = 0x2000;
const SOURCE = `r6 = r1
call f
*(u64 *)(r10 - 8) = r0
exit
f: r0 = 300
exit`;

/** What ran: slot, depth, and the registers and words of the frame that are not 0. */
const RAN: readonly [
  slot: number,
  depth: number,
  regs: Record<number, bigint>,
  frame?: Record<number, bigint>,
][] = [
  [0, 0, { 1: 0xffff_8880_0000_2000n }],
  [1, 0, { 1: 0xffff_8880_0000_2000n, 6: 0xffff_8880_0000_2000n }],
  [4, 1, { 6: 0xffff_8880_0000_2008n, 7: 0xffff_8880_0000_9000n, 8: FP - 512n - 16n }],
  [5, 1, { 0: 300n }],
  [2, 0, { 0: 300n, 6: 0xffff_8880_0000_2000n }],
  [3, 0, { 0: 300n, 6: 0xffff_8880_0000_2000n }, { 8: 300n }],
];

function steps(): RecordedStep[] {
  return RAN.map(([slot, depth, regs, words = {}]) => {
    const registers = new BigUint64Array(11);
    for (const [reg, value] of Object.entries(regs)) registers[Number(reg)] = value;
    registers[10] = FP - BigInt(depth * 512);
    const frame = new Uint8Array(512);
    const view = new DataView(frame.buffer);
    for (const [below, word] of Object.entries(words)) view.setBigUint64(512 - Number(below), word, true);
    return { slot, depth, registers, frame };
  });
}

function recorded(more: Partial<RecordedRun> = {}): StepText {
  const code = assemble(SOURCE);
  if (!code.ok) throw new Error(code.error.message);
  const line = (insn: number, number: number) => ({
    insn,
    file: 'src/a.c',
    text: ` line ${number};`,
    line: number,
    column: 1,
  });
  const { insns } = code.value;
  const program = {
    spec: {
      name: 'prog',
      insns,
      refs: new Map(),
      lineInfo: [line(0, 10), line(2, 11), line(3, 11), line(4, 20)],
    },
    insns,
    subprograms: [
      { start: 0, name: 'prog' },
      { start: 4, name: 'f' },
    ],
  } as unknown as VerifiedProgram;
  const at = { ns: 1_500_000, cpu: 2, pid: 7, comm: 'bash' };
  const run = { program, number: 3, ctx: CTX, steps: steps(), result: 300, truncated: false, at, ...more };
  return new StepText(run, (offset) => (offset === 0x9000 ? 'map counts' : undefined));
}

test('each step says what it changes', () => {
  const text = recorded();
  expect(text.run.steps.map((_, index) => text.changes(index))).toEqual([
    'r6=0xffff888000002000 ctx',
    'call',
    expect.stringMatching(/^r0=0x12c \(300\) r6=0 r7=0/),
    'return r0=0x12c (300)',
    'fp-8=0x12c',
    'returns 300',
  ]);
});

test('values say what they point to', () => {
  const text = recorded();
  const callee = text.run.steps[2];
  expect([6, 7, 8, 10, 0].map((reg) => text.value(callee, reg))).toEqual([
    '0xffff888000002008 ctx+8',
    '0xffff888000009000 map counts',
    `0x${(FP - 528n).toString(16)} fp-16`,
    `0x${(FP - 512n).toString(16)} fp`,
    '0',
  ]);
});

test('a document has registers, line and stack', () => {
  expect(recorded().document(5)).toMatchObject({
    step: 6,
    slot: 3,
    insn: '(95) exit',
    source: { file: 'src/a.c', line: 11, text: 'line 11;' },
    registers: { r0: '0x12c', r10: '0xffff888000010000' },
    stack: { 'fp-8': '000000000000012c' },
  });
});

test.each([
  ['n', 0, 1],
  ['n', 5, 5],
  ['p', 0, 0],
  ['left', 3, 2],
  ['s', 0, 2],
  ['s', 4, 5],
  ['S', 4, 2],
  ['o', 2, 4],
  ['o', 0, 5],
  ['G', 0, 5],
  ['g', 4, 0],
])('key %s leads from step %d to %d', (key, from, to) => {
  expect(MOVES[key](recorded(), from)).toBe(to);
});

test('a page fits the terminal and shows where the run is', () => {
  for (const [rows, columns] of [
    [24, 80],
    [8, 40],
    [60, 200],
  ]) {
    const page = stepPage(recorded(), 2, rows, columns);
    expect(page.length).toBeLessThanOrEqual(rows);
    expect(Math.max(...page.map((line) => line.length))).toBeLessThanOrEqual(columns);
  }
  const page = stepPage(recorded(), 2, 40, 100).join('\n');
  expect(page).toContain('prog, run 3: step 3 of 6   0.001500 s  CPU 2  bash[7]  frame 1');
  expect(page).toContain('a.c:20   line 20;');
  expect(page).toMatch(/^▶ {6}4: \(b7\) r0 = 300$/m);
  expect(page).toMatch(/r7 {2}0xffff888000009000 map counts/);
});

test('a run that was cut off says so', () => {
  const text = recorded({ truncated: true, result: undefined });
  expect(stepPage(text, 5, 40, 100).join('\n')).toContain('record more of it with --steps');
});
