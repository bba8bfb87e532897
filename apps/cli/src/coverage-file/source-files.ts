import { existsSync, readFileSync } from 'node:fs';
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
  const found = merged(own.map((file) => withDeclarations({ ...file, path: placeOf(file.path, cwd) })));
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

/** Functions at the lines that declare them, where the source is there to tell. */
function withDeclarations(file: FileCoverage): FileCoverage {
  if (!existsSync(file.path)) return file;
  const text = readFileSync(file.path, 'utf8').split('\n');
  const functions = file.functions.map((one) => ({
    ...one,
    line: declarationLine(text, one.name, one.line),
  }));
  return { ...file, functions };
}

/** The last line up to `line` that names a function and is no statement; `line` when there is none. */
function declarationLine(text: readonly string[], name: string, line: number): number {
  const declares = new RegExp(`(^|[\\s*(])${name}\\s*[(,)]`);
  for (let at = Math.min(line, text.length); at > 0; at--) {
    const source = text[at - 1];
    if (declares.test(source) && !source.trimEnd().endsWith(';')) return at;
  }
  return line;
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
