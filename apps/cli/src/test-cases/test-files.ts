import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../errors';

const CASE_FILE = /\.probed\.(ya?ml|json)$/;
/** Folders that hold other people's files, or many. */
const LEFT_OUT = /^(node_modules|\..*)$/;
const FILES_MAX = 10_000;
const DEPTH_MAX = 32;

/** The case files that arguments name: files as they are, folders with all that is below them, sorted. */
export function testFiles(paths: readonly string[]): string[] {
  const files: string[] = [];
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat) fail('file-unreadable', 'no such file or folder', { where: path, errno: 2 });
    if (!stat.isDirectory()) files.push(caseFile(path));
    else walk(path, files, 0);
  }
  return [...new Set(files)];
}

function caseFile(path: string): string {
  if (CASE_FILE.test(path)) return path;
  const hint =
    'case files are called *.probed.yaml or *.probed.json; probectl test --init OBJECT writes a first one';
  return fail('case-file', 'is no case file', { where: path, hint });
}

function walk(folder: string, files: string[], depth: number): void {
  if (depth > DEPTH_MAX || files.length > FILES_MAX) return;
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = folder === '.' ? entry.name : join(folder, entry.name);
    if (entry.isDirectory() && !LEFT_OUT.test(entry.name)) walk(path, files, depth + 1);
    else if (entry.isFile() && CASE_FILE.test(entry.name)) files.push(path);
  }
}
