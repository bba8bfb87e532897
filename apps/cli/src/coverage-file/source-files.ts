import { existsSync } from 'node:fs';
import { basename, isAbsolute, relative } from 'node:path';
import { CoverageReport, type FileCoverage } from '@probed/machine';

/** Sources of a coverage report as they are found from here. */
export interface SourceFiles {
  readonly files: readonly FileCoverage[];
  /** Those that are not there, under the names that the compiler knew. */
  readonly missing: readonly string[];
}

/** Headers of the system and of libbpf, and the kernel's types: nobody's program under test. */
const NOT_UNDER_TEST =
  /^\/usr\/|(^|\/)(vmlinux\.h|bpf_(helpers|helper_defs|tracing|core_read|endian)\.h|usdt\.bpf\.h)$/;

/** Paths relative to the working folder where the files are below it; headers of others are left out. */
export function sourceFiles(files: readonly FileCoverage[], cwd = process.cwd()): SourceFiles {
  const own = files.filter(({ path }) => !NOT_UNDER_TEST.test(path));
  const found = merged(own.map((file) => ({ ...file, path: placeOf(file.path, cwd) })));
  return { files: found, missing: found.map(({ path }) => path).filter((path) => !existsSync(path)) };
}

/**
 * Where a source lies that the compiler knew under another working folder: the longest end of its path that exists
 * here.
 */
function placeOf(path: string, cwd: string): string {
  const near = relative(cwd, path);
  if (existsSync(path)) return isAbsolute(path) && near.startsWith('..') ? path : near;
  const parts = path.split('/').filter(Boolean);
  for (let from = 1; from < parts.length; from++) {
    const end = parts.slice(from).join('/');
    if (existsSync(end) && basename(end) !== end) return end;
  }
  return path;
}

/** The same file under two names is one. */
function merged(files: readonly FileCoverage[]): readonly FileCoverage[] {
  const report = new CoverageReport();
  for (const { path, lines, functions, branches } of files) {
    for (const [line, count] of lines) report.addLine(path, line, count);
    for (const { name, line, count } of functions) report.addFunction(path, name, line, count);
    branches.forEach((branch, i) => {
      report.addBranch(path, String(i), branch);
    });
  }
  return report.files();
}
