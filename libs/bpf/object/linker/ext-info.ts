import { ByteReader, type ByteWriter, TruncatedError } from '@probed/base';
import type { Btf } from '@probed/btf';
import { refuse } from './fault';

/** The three parts of `.BTF.ext`, in their order (Documentation/bpf/btf.rst §4.2). */
export const EXT_PARTS = ['func', 'line', 'core'] as const;
export type ExtPart = (typeof EXT_PARTS)[number];

/** Which words of a record are type ids and string offsets; word 0 is the offset in the code section, bytes. */
interface RecordShape {
  readonly leastBytes: number;
  readonly typeWord?: number;
  readonly stringWords: readonly number[];
}

export const RECORDS: Readonly<Record<ExtPart, RecordShape>> = {
  func: { leastBytes: 8, typeWord: 1, stringWords: [] },
  line: { leastBytes: 16, stringWords: [1, 2] },
  core: { leastBytes: 16, typeWord: 1, stringWords: [2] },
};

/** Records about one code section. */
export interface ExtRecords {
  readonly part: ExtPart;
  readonly section: string;
  readonly recordBytes: number;
  /** The records one behind the other, as words. */
  readonly words: Uint32Array;
}

const MAGIC = 0xeb9f;
const HEADER_BYTES_MIN = 24;
export const HEADER_BYTES = 32;

/** Reads `.BTF.ext` without interpreting its records; type ids and strings in them are checked to exist. */
export function readExtInfo(bytes: Uint8Array, btf: Btf, file: string): ExtRecords[] {
  try {
    return read(new ByteReader(bytes), btf, file);
  } catch (cause) {
    if (!(cause instanceof TruncatedError)) throw cause;
    return refuse(`.BTF.ext: ${cause.message}`, file);
  }
}

function read(reader: ByteReader, btf: Btf, file: string): ExtRecords[] {
  if (reader.u16() !== MAGIC || reader.u8() !== 1) refuse('.BTF.ext: unknown format', file);
  const headerBytes = reader.skip(1).u32();
  if (headerBytes < HEADER_BYTES_MIN) refuse(`.BTF.ext: header of ${headerBytes} bytes`, file);
  const places = EXT_PARTS.map((part) =>
    part !== 'core' || headerBytes >= HEADER_BYTES
      ? { offset: reader.u32(), bytes: reader.u32() }
      : { offset: 0, bytes: 0 },
  );
  return EXT_PARTS.flatMap((part, i) => {
    const { offset, bytes } = places[i];
    return bytes === 0 ? [] : readPart(reader.seek(headerBytes + offset), bytes, part, btf, file);
  });
}

function readPart(reader: ByteReader, bytes: number, part: ExtPart, btf: Btf, file: string): ExtRecords[] {
  const end = reader.pos + bytes;
  const recordBytes = reader.u32();
  const { leastBytes } = RECORDS[part];
  if (recordBytes < leastBytes || recordBytes % 4 !== 0)
    refuse(`.BTF.ext: ${part} records of ${recordBytes} bytes`, file);
  const all: ExtRecords[] = [];
  while (reader.pos < end) {
    const section = btf.string(reader.u32());
    const count = reader.u32();
    if (section === undefined || count === 0) refuse(`.BTF.ext: ${part} records of no section`, file);
    // A copy, since the section may lie at any offset.
    const records = reader.slice(count * recordBytes);
    const words = new Uint32Array(records.length / 4);
    new Uint8Array(words.buffer).set(records);
    checkRecords(words, recordBytes / 4, part, btf, file);
    all.push({ part, section, recordBytes, words });
  }
  return all;
}

function checkRecords(words: Uint32Array, step: number, part: ExtPart, btf: Btf, file: string): void {
  const { typeWord, stringWords } = RECORDS[part];
  for (let at = 0; at < words.length; at += step) {
    if (typeWord !== undefined && !btf.has(words[at + typeWord]))
      refuse(`.BTF.ext: a ${part} record names type ${words[at + typeWord]}, which does not exist`, file);
    for (const word of stringWords)
      if (btf.string(words[at + word]) === undefined)
        refuse(`.BTF.ext: a ${part} record has a string beyond the end`, file);
  }
}

/** Writes one part: record size, then for each section its name and records; nothing when there are none. */
export function writeExtPart(
  writer: ByteWriter,
  sections: readonly { readonly name: number; readonly recordBytes: number; readonly words: Uint32Array }[],
): number {
  if (sections.length === 0) return 0;
  const start = writer.size;
  const [{ recordBytes }] = sections;
  writer.u32(recordBytes);
  for (const { name, words } of sections) {
    writer.u32(name).u32((words.length * 4) / recordBytes);
    writer.bytes(new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  }
  return writer.size - start;
}
