import { ByteReader, err, ok, type Result, TruncatedError } from '@probed/base';
import type { Btf, CoreRelo } from '@probed/btf';
import { elfFault } from './elf';
import { LIMITS } from './limits';

/** `struct bpf_func_info`, with the offset in bytes from the start of the ELF section. */
export interface ExtFunc {
  readonly offset: number;
  readonly typeId: number;
}

/** `struct bpf_line_info`, likewise. */
export interface ExtLine {
  readonly offset: number;
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** `struct bpf_core_relo`, likewise. */
export interface ExtCore extends CoreRelo {
  readonly offset: number;
}

/** What `.BTF.ext` says of one code section, each list in order of offset. */
export interface ExtSection {
  readonly funcs: readonly ExtFunc[];
  readonly lines: readonly ExtLine[];
  readonly cores: readonly ExtCore[];
}

/** By name of the code section. */
export type BtfExt = ReadonlyMap<string, ExtSection>;

const MAGIC = 0xeb9f;
const HEADER_BYTES_MIN = 24;
/** Header with the CO-RE fields. */
const HEADER_BYTES_CORE = 32;
const FUNC_BYTES = 8;
const LINE_BYTES = 16;
const CORE_BYTES = 16;
const COLUMN_BITS = 10;

interface MutableSection {
  funcs: ExtFunc[];
  lines: ExtLine[];
  cores: ExtCore[];
}

/** Parses a `.BTF.ext` section (Documentation/bpf/btf.rst §4.2). Errors: `btf-ext-malformed`. */
export function parseBtfExt(bytes: Uint8Array, btf: Btf): Result<BtfExt> {
  try {
    return new ExtReader(bytes, btf).read();
  } catch (cause) {
    if (!(cause instanceof TruncatedError)) throw cause;
    return malformed(cause.message);
  }
}

function malformed(message: string): Result<never> {
  return err(elfFault('btf-ext-malformed', `.BTF.ext: ${message}`));
}

class ExtReader {
  private readonly reader: ByteReader;
  private readonly sections = new Map<string, MutableSection>();
  /** Strings repeat (every line of a file names the file), so they are decoded once. */
  private readonly strings = new Map<number, string>();
  private budget: number = LIMITS.debugTextBytes;

  constructor(
    bytes: Uint8Array,
    private readonly btf: Btf,
  ) {
    this.reader = new ByteReader(bytes);
  }

  read(): Result<BtfExt> {
    const { reader } = this;
    if (reader.u16() !== MAGIC) return malformed('wrong magic number');
    if (reader.u8() !== 1) return malformed('unknown version');
    const headerBytes = reader.skip(1).u32();
    if (headerBytes < HEADER_BYTES_MIN) return malformed(`header of ${headerBytes} bytes`);
    const place = () => ({ offset: reader.u32(), bytes: reader.u32() });
    const [funcs, lines] = [place(), place()];
    const cores = headerBytes >= HEADER_BYTES_CORE ? place() : { offset: 0, bytes: 0 };
    const part = (p: { offset: number; bytes: number }, least: number, each: RecordReader) => {
      if (p.bytes === 0) return undefined;
      return this.readPart(headerBytes + p.offset, p.bytes, least, each);
    };
    const fault =
      part(funcs, FUNC_BYTES, (section, offset) => {
        section.funcs.push({ offset, typeId: reader.u32() });
      }) ??
      part(lines, LINE_BYTES, (section, offset) => this.readLine(section, offset)) ??
      part(cores, CORE_BYTES, (section, offset) => {
        const typeId = reader.u32();
        const accessStr = this.string(reader.u32());
        section.cores.push({ offset, typeId, accessStr, kind: reader.u32() });
      });
    if (fault) return malformed(fault);
    for (const section of this.sections.values())
      for (const list of [section.funcs, section.lines, section.cores])
        list.sort((a, b) => a.offset - b.offset);
    return ok(this.sections);
  }

  /** One of the three parts; the text of a fault, or undefined. */
  private readPart(start: number, bytes: number, least: number, each: RecordReader): string | undefined {
    const { reader } = this;
    const end = start + bytes;
    const recordBytes = reader.seek(start).u32();
    if (recordBytes < least || recordBytes % 4 !== 0) return `records of ${recordBytes} bytes`;
    if (end > reader.size) return `a part ends at ${end}, but there are ${reader.size} bytes`;
    while (reader.pos < end) {
      const name = this.string(reader.u32());
      const count = reader.u32();
      if (count === 0) return `no records for section '${name}'`;
      if (reader.pos + count * recordBytes > end) return `${count} records pass the end of their part`;
      const section = this.section(name);
      for (let i = 0; i < count; i++) {
        const at = reader.pos;
        each(section, reader.u32());
        reader.seek(at + recordBytes);
      }
    }
    return undefined;
  }

  private readLine(section: MutableSection, offset: number): void {
    const { reader } = this;
    const file = this.string(reader.u32());
    const text = this.string(reader.u32());
    const place = reader.u32();
    const column = place & ((1 << COLUMN_BITS) - 1);
    section.lines.push({ offset, file, text, line: place >>> COLUMN_BITS, column });
  }

  private section(name: string): MutableSection {
    let section = this.sections.get(name);
    if (!section) this.sections.set(name, (section = { funcs: [], lines: [], cores: [] }));
    return section;
  }

  /** Overlapping strings could add up without bound; past the budget they count as empty. */
  private string(offset: number): string {
    let text = this.strings.get(offset);
    if (text === undefined) {
      text = this.budget > 0 ? (this.btf.string(offset) ?? '') : '';
      this.budget -= text.length;
      this.strings.set(offset, text);
    }
    return text;
  }
}

type RecordReader = (section: MutableSection, offset: number) => void;
