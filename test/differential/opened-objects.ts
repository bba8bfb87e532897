/** What libbpf finds in object files without loading them (tools/host-bpf/open-object.c). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One object; programs and maps as lines of `name section type attach-type` and `name type key value max flags`. */
export interface OpenedObject {
  readonly file: string;
  /** 0 when libbpf opens it. */
  readonly errno: number;
  readonly programs: string[];
  readonly maps: string[];
}

const SOURCE = join(__dirname, '../../tools/host-bpf/open-object.c');
const OUTPUT_BYTES_MAX = 1 << 28;
/** Command lines are limited. */
const FILES_AT_ONCE = 200;

/** libbpf's own reading, compiled for the time of a call of `use`; or why there is none. */
export function withLibbpf<T>(use: (run: (args: readonly string[]) => string[][]) => T): T | string {
  const folder = mkdtempSync(join(tmpdir(), 'open-object-'));
  try {
    const binary = join(folder, 'open-object');
    try {
      execFileSync('cc', ['-O2', '-o', binary, SOURCE, '-lbpf'], { stdio: 'ignore' });
    } catch (error) {
      return `no C compiler with libbpf (${(error as Error).message.split('\n')[0]})`;
    }
    return use((args) =>
      execFileSync(binary, [...args], { maxBuffer: OUTPUT_BYTES_MAX, encoding: 'utf8' })
        .split('\n')
        .map((line) => line.split('\t')),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns one entry a file, or why there are none */
export function openOnHost(files: readonly string[]): OpenedObject[] | string {
  return withLibbpf((run) => {
    const objects: OpenedObject[] = [];
    for (let i = 0; i < files.length; i += FILES_AT_ONCE)
      for (const [kind, ...fields] of run(files.slice(i, i + FILES_AT_ONCE))) {
        if (kind === 'O') objects.push({ file: fields[0], errno: Number(fields[1]), programs: [], maps: [] });
        // Instruction counts are before linking there, after it here.
        if (kind === 'P') objects.at(-1)?.programs.push(fields.slice(0, 4).join(' '));
        if (kind === 'M') objects.at(-1)?.maps.push(fields.join(' '));
      }
    return objects;
  });
}
