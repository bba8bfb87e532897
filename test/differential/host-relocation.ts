/** What libbpf makes of programs when it relocates them against a kernel's BTF (tools/host-bpf/core-object.c). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RelocatedObject {
  readonly file: string;
  /**
   * By program: bytes of its instructions, or the errno of the CO-RE relocation that libbpf refuses. None where libbpf
   * refuses the object for another reason: the running kernel lacks a symbol, the file has maps of before BTF …
   */
  readonly programs: ReadonlyMap<string, Uint8Array | number>;
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

const REFUSED = /^relocation=(\d+)$/;

function parse(output: string): RelocatedObject[] {
  const objects = new Map<string, Map<string, Uint8Array | number>>();
  for (const line of output.trimEnd().split('\n')) {
    const [file, program, answer] = line.split(' ');
    const programs = objects.get(file) ?? new Map<string, Uint8Array | number>();
    objects.set(file, programs);
    const refused = REFUSED.exec(answer);
    if (refused) programs.set(program, Number(refused[1]));
    else if (!answer.startsWith('error=')) programs.set(program, Buffer.from(answer, 'hex'));
  }
  return [...objects].map(([file, programs]) => ({ file, programs }));
}
