/** The running kernel's verdict on whole object files, through libbpf (tools/host-bpf/host-object.c). */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ObjectVerdict {
  readonly file: string;
  readonly program: string;
  readonly section: string;
  /** 0 when accepted. */
  readonly errno: number;
  readonly log: string;
}

const SOURCE = join(__dirname, '../../tools/host-bpf/host-object.c');
const OUTPUT_BYTES_MAX = 1 << 30;

/** @returns one verdict a program, or why there are none */
export function judgeOnHost(files: readonly string[]): ObjectVerdict[] | string {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'not root on Linux';
  const folder = mkdtempSync(join(tmpdir(), 'host-object-'));
  try {
    const binary = join(folder, 'host-object');
    execFileSync('cc', ['-O2', '-o', binary, SOURCE, '-lbpf'], { stdio: 'ignore' });
    return parse(execFileSync(binary, [...files], { maxBuffer: OUTPUT_BYTES_MAX }));
  } catch (error) {
    return `no libbpf to ask the kernel with (${(error as Error).message.split('\n')[0]})`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function parse(output: Buffer): ObjectVerdict[] {
  const verdicts: ObjectVerdict[] = [];
  for (let at = 0; at < output.length; ) {
    const end = output.indexOf(10, at);
    const [file, program, section, errno, bytes] = output.toString('utf8', at, end).split(' ');
    const logBytes = Number(bytes.slice('log='.length));
    const log = output.toString('utf8', end + 1, end + 1 + logBytes);
    verdicts.push({ file, program, section, errno: Number(errno.slice('errno='.length)), log });
    at = end + 1 + logBytes + 1;
  }
  return verdicts;
}
