import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { KernelConfig, KernelSymbols, TracepointFormats } from '@probed/abi';
import { ByteReader, type Diagnostic, diagnostic, err, ok, type Result, TruncatedError } from '@probed/base';
import { packageRoot } from '@probed/package';

/** What the emulated kernel takes over from the reference kernel; each part is read when first asked for. */
export interface ReferenceKernel {
  /** e.g. `6.18.0`. */
  readonly release: string;
  /** `LINUX_VERSION_CODE`. */
  readonly versionCode: number;
  /** Raw `.BTF` of vmlinux. */
  readonly btf: Uint8Array;
  readonly symbols: KernelSymbols;
  readonly tracepoints: TracepointFormats;
  /** The target's configuration: the reference host's with {@link TARGET_CONFIG} on top. */
  readonly config: KernelConfig;
}

const RELEASE = '6.18.0';
const VERSION_CODE = (6 << 16) | (18 << 8);
const DATA_FOLDER = 'libs/foundation/abi/data/linux-6.18-x86_64';

/** Options that the target has and the reference host lacks. */
const TARGET_CONFIG: Readonly<Record<string, string | number>> = {
  CONFIG_MODULES: 'y',
  CONFIG_KPROBES: 'y',
  CONFIG_KPROBES_ON_FTRACE: 'y',
  CONFIG_KPROBE_EVENTS: 'y',
  CONFIG_KRETPROBES: 'y',
  CONFIG_UPROBES: 'y',
  CONFIG_UPROBE_EVENTS: 'y',
  CONFIG_OPTPROBES: 'y',
  CONFIG_FPROBE: 'y',
  CONFIG_FPROBE_EVENTS: 'y',
  CONFIG_DYNAMIC_FTRACE: 'y',
  CONFIG_DYNAMIC_FTRACE_WITH_REGS: 'y',
  CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS: 'y',
  CONFIG_FUNCTION_TRACER: 'y',
  CONFIG_BPF_KPROBE_OVERRIDE: 'y',
  CONFIG_FUNCTION_ERROR_INJECTION: 'y',
  CONFIG_KALLSYMS_ALL: 'y',
  CONFIG_KEXEC: 'y',
  CONFIG_KEXEC_FILE: 'y',
  CONFIG_X86_USER_SHADOW_STACK: 'y',
};

class LazyReferenceKernel implements ReferenceKernel {
  readonly release = RELEASE;
  readonly versionCode = VERSION_CODE;
  private readonly parts = new Map<string, unknown>();

  constructor(private readonly folder: string) {}

  get btf(): Uint8Array {
    return this.part('vmlinux.btf.br', (bytes) => bytes);
  }

  get symbols(): KernelSymbols {
    return this.part('symbols.br', (bytes) => new KernelSymbols(bytes));
  }

  get tracepoints(): TracepointFormats {
    return this.part('tracepoints.br', (bytes) => new TracepointFormats(bytes.toString('latin1')));
  }

  get config(): KernelConfig {
    return this.part('config.br', (bytes) => new KernelConfig(bytes.toString('utf8')).with(TARGET_CONFIG));
  }

  private part<T>(file: string, parse: (bytes: Buffer) => T): T {
    if (!this.parts.has(file)) this.parts.set(file, parse(this.unpack(file)));
    return this.parts.get(file) as T;
  }

  private unpack(file: string): Buffer {
    const path = join(this.folder, file);
    if (!existsSync(path))
      throw new Error(
        `missing ${path}: the checkout is incomplete (tools/reference/make-reference.mjs makes it)`,
      );
    return brotliDecompressSync(readFileSync(path));
  }
}

let shared: ReferenceKernel | undefined;

/**
 * The reference kernel's data, one instance a process.
 * @throws when the data files are not where the package has them: an incomplete installation, not a user's fault
 */
export function loadReferenceKernel(): ReferenceKernel {
  shared ??= new LazyReferenceKernel(join(packageRoot(), DATA_FOLDER));
  return shared;
}

const BTF_MAGIC = 0xeb9f;
/** Far beyond any kernel's (about 6 MB); guards against reading a disk image by mistake. */
const BTF_BYTES_MAX = 64 * 1024 * 1024;

/** Raw BTF bytes from a file: plain, gzip- or brotli-compressed (`.br`), or the `.BTF` section of an ELF file. */
export function readBtfFile(path: string): Result<Uint8Array> {
  const fail = (code: string, message: string): Result<Uint8Array> =>
    err<Diagnostic>(diagnostic(code, message, { where: path, errno: 22 }));
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
    if (path.endsWith('.br')) bytes = brotliDecompressSync(bytes, { maxOutputLength: BTF_BYTES_MAX });
    else if (bytes[0] === 0x1f && bytes[1] === 0x8b)
      bytes = gunzipSync(bytes, { maxOutputLength: BTF_BYTES_MAX });
  } catch (cause) {
    return fail('btf-unreadable', cause instanceof Error ? cause.message : String(cause));
  }
  if (isElf(bytes)) {
    const section = elfSection(bytes, '.BTF');
    if (!section) return fail('btf-missing', 'an ELF file without a readable .BTF section');
    bytes = section;
  }
  if (bytes.length > BTF_BYTES_MAX) return fail('btf-too-large', `${bytes.length} bytes of BTF`);
  if (bytes.length < 24 || bytes[0] + bytes[1] * 256 !== BTF_MAGIC)
    return fail('btf-bad-magic', 'not a BTF file');
  return ok(bytes);
}

function isElf(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7f && bytes[1] === 0x45 && bytes[2] === 0x4c && bytes[3] === 0x46;
}

/** A section of a little-endian ELF64 file by name; undefined when anything is out of bounds. */
function elfSection(file: Uint8Array, name: string): Uint8Array | undefined {
  try {
    const reader = new ByteReader(file);
    const table = reader.seek(0x28).size64();
    const entryBytes = reader.seek(0x3a).u16();
    const count = reader.u16();
    const nameTable = reader.u16();
    const place = (i: number) => {
      reader.seek(table + i * entryBytes + 0x18);
      return { offset: reader.size64(), size: reader.size64() };
    };
    const strings = place(nameTable).offset;
    for (let i = 0; i < count; i++) {
      const nameOffset = reader.seek(table + i * entryBytes).u32();
      if (reader.cstringAt(strings + nameOffset) !== name) continue;
      const { offset, size } = place(i);
      return reader.seek(offset).slice(size);
    }
  } catch (cause) {
    if (!(cause instanceof TruncatedError)) throw cause;
  }
  return undefined;
}
