/** A function of a source file. */
export interface FunctionCoverage {
  readonly name: string;
  /** Where it begins. */
  readonly line: number;
  /** Times it was entered. */
  count: number;
}

/** A conditional jump of the compiled code, at the line that it was compiled from. */
export interface BranchCoverage {
  readonly line: number;
  /** Times the jump was reached. */
  reached: number;
  /** Times it was taken. */
  taken: number;
}

/** What ran of one source file. Lines and jumps that are compiled in and never ran have count 0. */
export interface FileCoverage {
  /** As the object's BTF has it. */
  readonly path: string;
  /** Times by line, in order of lines. */
  readonly lines: ReadonlyMap<number, number>;
  readonly functions: readonly FunctionCoverage[];
  readonly branches: readonly BranchCoverage[];
}

/** Of how many things how many ran. */
export interface CoverageRatio {
  readonly found: number;
  readonly hit: number;
}

interface FileCounts {
  readonly lines: Map<number, number>;
  readonly functions: Map<string, FunctionCoverage>;
  /** By a key that is the same for each copy of the code. */
  readonly branches: Map<string, BranchCoverage>;
}

/**
 * What ran of C sources, put together from any number of programs, objects and runs: counts of the same line, function
 * or jump add up.
 */
export class CoverageReport {
  private readonly byPath = new Map<string, FileCounts>();

  addLine(path: string, line: number, count: number): void {
    const { lines } = this.counts(path);
    lines.set(line, (lines.get(line) ?? 0) + count);
  }

  addFunction(path: string, name: string, line: number, count: number): void {
    const { functions } = this.counts(path);
    const known = functions.get(name);
    if (known) known.count += count;
    else functions.set(name, { name, line, count });
  }

  /** @param key names the jump within the file, alike for all copies of its function */
  addBranch(path: string, key: string, { line, reached, taken }: BranchCoverage): void {
    const { branches } = this.counts(path);
    const known = branches.get(key);
    if (!known) {
      branches.set(key, { line, reached, taken });
      return;
    }
    known.reached += reached;
    known.taken += taken;
  }

  /** Files in order of their paths. */
  files(): FileCoverage[] {
    return [...this.byPath]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([path, { lines, functions, branches }]) => ({
        path,
        lines: new Map([...lines].sort(([a], [b]) => a - b)),
        functions: [...functions.values()].sort((a, b) => a.line - b.line || (a.name < b.name ? -1 : 1)),
        branches: [...branches.values()].sort((a, b) => a.line - b.line),
      }));
  }

  private counts(path: string): FileCounts {
    let counts = this.byPath.get(path);
    if (!counts) {
      counts = { lines: new Map(), functions: new Map(), branches: new Map() };
      this.byPath.set(path, counts);
    }
    return counts;
  }
}

/** Totals of some files. */
export function coverageTotals(
  files: readonly FileCoverage[],
): Readonly<Record<'lines' | 'functions' | 'branches', CoverageRatio>> {
  const lines = files.flatMap((file) => [...file.lines.values()]);
  const functions = files.flatMap((file) => file.functions.map(({ count }) => count));
  const branches = files.flatMap((file) =>
    file.branches.flatMap(({ reached, taken }) => [taken, reached - taken]),
  );
  return { lines: ratio(lines), functions: ratio(functions), branches: ratio(branches) };
}

function ratio(counts: readonly number[]): CoverageRatio {
  return { found: counts.length, hit: counts.filter((count) => count > 0).length };
}
