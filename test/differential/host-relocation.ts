/** What libbpf makes of programs when it relocates them against a kernel's BTF (tools/host-bpf/core-object.c). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RelocatedObject {
  readonly file: string;
  /** Bytes of the instructions by program; none when libbpf refuses the object. */
  readonly programs: ReadonlyMap<string, Uint8Array>;
  /** `relocation`: a CO-RE relocation cannot be applied; `other`: the running kernel lacks a map type, a symbol … */
  readonly refused?: 'relocation' | 'other';
}

const SOURCE = join(__dirname, '../../tools/host-bpf/core-object.c');
const OUTPUT_BYTES_MAX = 1 << 30;

/** @returns one answer a file, or why there are none */
export function relocateOnHost(btf: Uint8Array, files: readonly string[]): RelocatedObject[] | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const folder = mkdtempSync(join(tmpdir(), 'core-object-'));
  try {
    const binary = join(folder, 'core-object');
    const types = join(folder, 'kernel.btf');
    writeFileSync(types, btf);
    execFileSync('cc', ['-O2', '-o', binary, SOURCE, '-lbpf'], { stdio: 'ignore' });
    return parse(
      execFileSync(binary, [types, ...files], { maxBuffer: OUTPUT_BYTES_MAX, encoding: 'latin1' }),
    );
  } catch (error) {
    return `no libbpf to compare with (${(error as Error).message.split('\n')[0]})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function parse(output: string): RelocatedObject[] {
  const programs = new Map<string, Map<string, Uint8Array>>();
  const objects: RelocatedObject[] = [];
  for (const line of output.trimEnd().split('\n')) {
    const [file, program, rest] = line.split(' ');
    if (program === '-') {
      const refused = rest.startsWith('relocation=') ? 'relocation' : 'other';
      objects.push({ file, programs: new Map(), refused });
      continue;
    }
    let known = programs.get(file);
    if (!known) {
      known = new Map();
      programs.set(file, known);
      objects.push({ file, programs: known });
    }
    known.set(program, Buffer.from(rest, 'hex'));
  }
  return objects;
}
