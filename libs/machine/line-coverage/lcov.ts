import { type CoverageRatio, coverageTotals, type FileCoverage } from './coverage-report';

/**
 * Coverage as lcov's tracefile (geninfo(1)): `DA` lines, `FN` and `FNDA` functions, `BRDA` branches; a branch of a jump
 * that was never reached has `-`.
 */
export function lcovText(files: readonly FileCoverage[], testName = ''): string {
  return files.map((file) => `${[`TN:${testName}`, ...fileLines(file)].join('\n')}\n`).join('');
}

function fileLines(file: FileCoverage): string[] {
  const { lines, functions, branches } = coverageTotals([file]);
  return [
    `SF:${file.path}`,
    ...file.functions.map(({ line, name }) => `FN:${line},${name}`),
    ...file.functions.map(({ count, name }) => `FNDA:${count},${name}`),
    ...found('FNF', 'FNH', functions),
    ...branchLines(file),
    ...found('BRF', 'BRH', branches),
    ...[...file.lines].map(([line, count]) => `DA:${line},${count}`),
    ...found('LF', 'LH', lines),
    'end_of_record',
  ];
}

function found(all: string, hit: string, ratio: CoverageRatio): string[] {
  return [`${all}:${ratio.found}`, `${hit}:${ratio.hit}`];
}

/** Jumps of a line are its blocks, numbered; branch 0 of each is the jump taken. */
function branchLines({ branches }: FileCoverage): string[] {
  const blocks = new Map<number, number>();
  return branches.flatMap(({ line, reached, taken }) => {
    const block = blocks.get(line) ?? 0;
    blocks.set(line, block + 1);
    return [taken, reached - taken].map(
      (count, side) => `BRDA:${line},${block},${side},${reached === 0 ? '-' : count}`,
    );
  });
}
