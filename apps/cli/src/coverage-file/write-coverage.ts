import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  type CoverageRatio,
  type CoverageReport,
  coverageTotals,
  type FileCoverage,
  lcovText,
} from '@probed/machine';
import { fail } from '../errors';
import { formatTable } from '../output/columns';
import { sourceFiles } from './source-files';

const DEFAULT_OUT = 'coverage/lcov.info';

/** Writes the lcov file and prints the table. */
export function writeCoverage(
  report: CoverageReport,
  out = DEFAULT_OUT,
  print: (text: string) => void = () => {},
): void {
  const { files, missing } = sourceFiles(report.files());
  try {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, lcovText(files));
  } catch (error) {
    fail('file-unwritable', (error as Error).message, { where: out });
  }
  if (files.length === 0) {
    print(`no lines to cover: the programs have no line information (compile with -g); ${out} is empty`);
    return;
  }
  print(`\n${coverageTable(files)}`);
  if (missing.length > 0) print(`not found from here: ${missing.join(', ')}`);
  print(`coverage: ${out}`);
}

function coverageTable(files: readonly FileCoverage[]): string {
  const row = (name: string, of: readonly FileCoverage[]) => {
    const { lines, functions, branches } = coverageTotals(of);
    return [
      name,
      percent(lines),
      percent(functions),
      percent(branches),
      of.length === 1 ? missed(of[0]) : '',
    ];
  };
  const rows = files.map((file) => row(file.path, [file]));
  return formatTable(
    [
      { title: 'FILE' },
      { title: 'LINES', align: 'right' },
      { title: 'FUNCTIONS', align: 'right' },
      { title: 'BRANCHES', align: 'right' },
      { title: 'NOT RUN' },
    ],
    files.length > 1 ? [...rows, row('all', files)] : rows,
  );
}

function percent({ found, hit }: CoverageRatio): string {
  return found === 0 ? '-' : `${((100 * hit) / found).toFixed(1)} % (${hit}/${found})`;
}

const RANGES_SHOWN_MAX = 6;

/** Lines that never ran, as ranges of lines that have code: `12-15, 40`. */
function missed({ lines }: FileCoverage): string {
  const ranges: [number, number][] = [];
  let open = false;
  for (const [line, count] of lines) {
    if (count > 0) open = false;
    else if (open) ranges[ranges.length - 1][1] = line;
    else {
      ranges.push([line, line]);
      open = true;
    }
  }
  const shown = ranges
    .slice(0, RANGES_SHOWN_MAX)
    .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`));
  return ranges.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ');
}
