import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { parseObject } from '@probed/object';
import { findScenario } from '@probed/workload';
import { Machine } from '../machine';
import { collectCoverage } from './collect';
import { CoverageReport, coverageTotals } from './coverage-report';
import { lcovText } from './lcov';

const image = loadKernelImage();

function open(file: string) {
  const object = parseObject(readFileSync(join(__dirname, file)), file);
  if (!object.ok) throw new Error(object.error.message);
  return object.value;
}

function load(file: string, engine: 'jit' | 'interp', coverage = true) {
  const machine = new Machine({ image, engine, coverage });
  const loaded = machine.load({ object: open(file) });
  if (!loaded.ok) throw new Error(loaded.error.message);
  for (const program of loaded.value.programs) expect(loaded.value.attach(program).ok).toBe(true);
  machine.start(findScenario('demo')!);
  machine.run(3e8, () => {});
  return loaded.value;
}

function lcov(file: string, engine: 'jit' | 'interp'): string {
  const report = new CoverageReport();
  collectCoverage(load(file, engine), report);
  return lcovText(report.files());
}

const COVERED = '../fixtures/covered.bpf.o';
const EXAMPLES = ['execaudit', 'opensnoop', 'tcpconnect', 'syscount', 'profile', 'podtrace'];

describe.each(['jit', 'interp'] as const)('%s', (engine) => {
  const report = new CoverageReport();
  collectCoverage(load(COVERED, engine), report);
  const [file] = report.files();
  const source = readFileSync(join(__dirname, '../fixtures/covered.bpf.c'), 'utf8').split('\n');
  const lineOf = (text: string) => source.findIndex((line) => line.includes(text)) + 1;
  const runs = file.functions.find(({ name }) => name === 'looping')!.count;

  test('names the source as the compiler knew it', () => {
    expect(report.files()).toHaveLength(1);
    expect(file.path).toMatch(/libs\/machine\/fixtures\/covered\.bpf\.c$/);
  });

  test('counts functions, those called and those that hang at a hook', () => {
    expect(runs).toBeGreaterThan(100);
    expect(file.functions.map(({ name, count }) => [name, count])).toEqual(
      expect.arrayContaining([
        ['triple', 5 * runs],
        ['looping', runs],
        ['never', 0],
      ]),
    );
  });

  test('counts lines, those of inlined functions too', () => {
    expect(file.lines.get(lineOf('calls++'))).toBe(5 * runs);
    expect(file.lines.get(lineOf('sum += x'))).toBe(runs);
    expect(file.lines.get(lineOf('if (verbose)'))).toBe(runs);
  });

  test('what the verifier found dead is there, and never ran', () => {
    expect(file.lines.get(lineOf('bpf_printk'))).toBe(0);
    const branch = file.branches.find(({ line }) => line === lineOf('if (verbose)'))!;
    expect(branch).toEqual({ line: branch.line, reached: runs, taken: runs });
  });

  test('totals', () => {
    expect(coverageTotals([file])).toMatchObject({ functions: { found: 3, hit: 2 } });
  });
});

test.each(EXAMPLES)('%s: compiled code counts what the interpreter counts', (name) => {
  const file = `../../../examples/${name}/${name}.bpf.o`;
  expect(lcov(file, 'jit')).toBe(lcov(file, 'interp'));
});

test('two runs add up', () => {
  const report = new CoverageReport();
  const collection = load(COVERED, 'jit');
  collectCoverage(collection, report);
  const [once] = report.files();
  const lines = new Map(once.lines);
  collectCoverage(collection, report);
  const [twice] = report.files();
  for (const [line, count] of twice.lines) expect(count).toBe(2 * lines.get(line)!);
  expect(twice.branches).toHaveLength(once.branches.length);
});

test('without coverage there is nothing to collect, and the code is as ever', () => {
  const report = new CoverageReport();
  const plain = load(COVERED, 'jit', false);
  collectCoverage(plain, report);
  expect(report.files()).toEqual([]);
  const [counted] = load(COVERED, 'jit').programs;
  expect(plain.programs[0].wasm!.length).toBeLessThan(counted.wasm!.length);
});

test('lcov, as geninfo(1) has it', () => {
  const report = new CoverageReport();
  report.addLine('a.c', 4, 2);
  report.addLine('a.c', 3, 0);
  report.addFunction('a.c', 'main', 1, 2);
  report.addBranch('a.c', 'main+1', { line: 3, reached: 2, taken: 2 });
  report.addBranch('a.c', 'main+9', { line: 3, reached: 0, taken: 0 });
  expect(lcovText(report.files(), 't').split('\n')).toEqual([
    'TN:t',
    'SF:a.c',
    'FN:1,main',
    'FNDA:2,main',
    'FNF:1',
    'FNH:1',
    'BRDA:3,0,0,2',
    'BRDA:3,0,1,0',
    'BRDA:3,1,0,-',
    'BRDA:3,1,1,-',
    'BRF:4',
    'BRH:1',
    'DA:3,0',
    'DA:4,2',
    'LF:2',
    'LH:1',
    'end_of_record',
    '',
  ]);
});
