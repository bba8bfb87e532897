import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { bundledIncludeDir } from '@probed/assets';
import { diagnostic, err, ok, type Result } from '@probed/base';

/** Names under which distributions install clang, newest first after the plain one. */
const CLANG_NAMES = ['clang', ...[22, 21, 20, 19, 18, 17, 16, 15, 14].map((version) => `clang-${version}`)];
const COMPILE_MS_MAX = 120_000;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
/** Where distributions put the asm/ headers that the linux/ ones include. */
const ARCH_INCLUDES = ['/usr/include/x86_64-linux-gnu', '/usr/include/aarch64-linux-gnu'];

/** The compiler to use: `$CLANG`, else the first of its usual names on the PATH. */
function findClang(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env['CLANG']) return env['CLANG'];
  const folders = (env['PATH'] ?? '').split(delimiter).filter(Boolean);
  return CLANG_NAMES.find((name) => folders.some((folder) => existsSync(join(folder, name))));
}

/**
 * Compiles a C source to an eBPF object, with the emulated kernel's `vmlinux.h` on the include path.
 * Errors: `clang-missing`; `clang-failed` with the compiler's output as `log`.
 *
 * @param vmlinuxH called when a compiler was found
 */
export async function compileBpf(source: string, vmlinuxH: () => string): Promise<Result<Uint8Array>> {
  const clang = findClang();
  if (clang === undefined) {
    const hint = 'install clang (Debian: apt install clang), set CLANG, or give the compiled .bpf.o';
    return err(
      diagnostic('clang-missing', 'clang is needed to compile C and was not found', { where: source, hint }),
    );
  }
  const folder = mkdtempSync(join(tmpdir(), 'probectl-'));
  try {
    writeFileSync(join(folder, 'vmlinux.h'), vmlinuxH());
    const object = join(folder, 'out.bpf.o');
    const failed = await runClang(clang, source, folder, object);
    return failed ? err(failed) : ok(new Uint8Array(readFileSync(object)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runClang(clang: string, source: string, folder: string, object: string) {
  // Our headers stand in for libbpf's, so that clang alone is enough.
  const includes = [dirname(source), folder, bundledIncludeDir()];
  const system = ARCH_INCLUDES.filter((path) => existsSync(path)).flatMap((path) => ['-idirafter', path]);
  const args = ['-g', '-O2', '-Wall', '-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86'];
  args.push(...includes.map((path) => `-I${path}`), ...system, '-c', source, '-o', object);
  const options = { timeout: COMPILE_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  return new Promise<ReturnType<typeof clangFault> | undefined>((resolve) => {
    execFile(clang, args, options, (error, _stdout, stderr) => {
      resolve(error ? clangFault(clang, source, error.message, stderr) : undefined);
    });
  });
}

/** The compiler's first error as the one line, all that it said as evidence. */
function clangFault(clang: string, source: string, message: string, stderr: string) {
  const log = stderr.trimEnd().split('\n');
  const match = /^(.*?):(\d+):\d+: (?:fatal )?error: (.*)$/m.exec(stderr);
  if (!match) {
    const reason = log[0] || message.split('\n')[0];
    return diagnostic('clang-failed', `${clang} failed: ${reason}`, { where: source, log });
  }
  const [, file, line, text] = match;
  return diagnostic('clang-failed', `does not compile: ${text}`, { where: `${file}:${line}`, log });
}
