import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const BIN = join(ROOT, 'bin/probectl');
/** Far more than any call takes: what hangs must fail, not stall. */
const TIMEOUT_MS = 50_000;
const OUTPUT_BYTES_MAX = 256 * 1024 * 1024;

export const EXAMPLES = join(ROOT, 'examples');
const FIXTURES = join(__dirname, 'fixtures');

/** An example's object by its name. */
export function example(name: string): string {
  return join(EXAMPLES, name, `${name}.bpf.o`);
}

export function rejectedExample(name: string): string {
  return join(EXAMPLES, 'rejected', `${name}.bpf.o`);
}

export function fixture(name: string): string {
  return join(FIXTURES, `${name}.bpf.o`);
}

interface Called {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built `probectl` to its end. */
export function probectl(...args: string[]): Called {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: OUTPUT_BYTES_MAX,
    cwd: ROOT,
  });
  return { code: status, stdout, stderr };
}

export type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
export type Document = { readonly [name: string]: Json };

/** Output of a `--json` call that must succeed. */
export function documents(...args: string[]): Document[] {
  const { code, stdout, stderr } = probectl(...args, '--json');
  if (code !== 0) throw new Error(`probectl ${args.join(' ')} gave ${code}: ${stderr}`);
  return parseDocuments(stdout);
}

export function parseDocuments(stdout: string): Document[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Document);
}

export function ofType(all: readonly Document[], type: string): Document[] {
  return all.filter((document) => document['type'] === type);
}
