import { type Diagnostic, err, ok, type Result } from '@probed/base';
import { checkKinds } from './check-kinds';
import { checkGraph } from './graph';
import { BTF_HEADER_BYTES, BTF_MAGIC, BTF_VERSION } from './kinds';
import { malformed, scanTypes, type TypeSection } from './scan';
import { StringTable } from './strings';

/** BTF bytes taken apart and found sound. Split BTF holds what its base holds, and its own behind it. */
export interface ParsedBtf {
  readonly section: TypeSection;
  readonly strings: StringTable;
  /** First id that is not the base's; 1 without a base. */
  readonly firstId: number;
  /** Bytes of the base's strings; 0 without a base. */
  readonly baseStringBytes: number;
  /** Bytes by type id; 0 where a type has no size. */
  readonly sizes: Float64Array;
}

/** Offsets within the file, bytes. */
interface Header {
  readonly typesAt: number;
  readonly typesBytes: number;
  readonly stringsAt: number;
  readonly stringsBytes: number;
}

/**
 * Checks the header (`struct btf_header`), both sections and every type.
 * With a base the bytes are split BTF, as kernel modules have it: ids and string offsets go on where the base's end.
 * Mirrors `kernel/bpf/btf.c: btf_parse_hdr`, `btf_parse_str_sec`, `btf_check_all_metas`, `btf_check_all_types`.
 */
export function parseBtf(bytes: Uint8Array, base?: ParsedBtf): Result<ParsedBtf> {
  const header = parseHeader(bytes);
  if (!header.ok) return header;
  const { typesAt, typesBytes, stringsAt, stringsBytes } = header.value;
  const strings = bytes.subarray(stringsAt, stringsAt + stringsBytes);
  const fault = checkStrings(strings, base !== undefined);
  if (fault) return err(fault);
  // The copies align the words and keep them safe from later writes to `bytes`.
  const baseWords = base?.section.words ?? new Uint32Array(0);
  const words = new Uint32Array(baseWords.length + typesBytes / 4);
  words.set(baseWords);
  new Uint8Array(words.buffer).set(bytes.subarray(typesAt, typesAt + typesBytes), baseWords.byteLength);
  const baseStrings = base?.strings.bytes ?? new Uint8Array(0);
  const table = new Uint8Array(baseStrings.length + strings.length);
  table.set(baseStrings);
  table.set(strings, baseStrings.length);
  const parsed = checkTypes(words, table);
  if (!parsed.ok || !base) return parsed;
  return ok({ ...parsed.value, firstId: base.section.count, baseStringBytes: baseStrings.length });
}

function checkTypes(words: Uint32Array, strings: Uint8Array): Result<ParsedBtf> {
  const scanned = scanTypes(words, strings.length);
  if (!scanned.ok) return scanned;
  const fault = checkKinds(scanned.value);
  if (fault) return err(fault);
  const sizes = checkGraph(scanned.value);
  if (!sizes.ok) return sizes;
  return ok({
    section: scanned.value,
    strings: new StringTable(strings),
    firstId: 1,
    baseStringBytes: 0,
    sizes: sizes.value,
  });
}

/** Split BTF begins with any string, and may have none. */
function checkStrings(strings: Uint8Array, split: boolean): Diagnostic | undefined {
  if (split && (strings.length === 0 || strings[strings.length - 1] === 0)) return undefined;
  if (!split && strings.length > 0 && strings[0] === 0 && strings[strings.length - 1] === 0) return undefined;
  return malformed(
    split ? 'string section does not end with NUL' : 'string section does not begin and end with NUL',
  );
}

function parseHeader(bytes: Uint8Array): Result<Header> {
  if (bytes.length < BTF_HEADER_BYTES) {
    return err(malformed(`${bytes.length} bytes are too few for a BTF header of ${BTF_HEADER_BYTES}`));
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint16(0, true);
  if (magic !== BTF_MAGIC) {
    const swapped = view.getUint16(0, false) === BTF_MAGIC;
    return err(malformed(swapped ? 'BTF is big-endian' : `no BTF: magic is 0x${magic.toString(16)}`));
  }
  if (bytes[2] !== BTF_VERSION) return err(malformed(`unsupported BTF version ${bytes[2]}`));
  if (bytes[3] !== 0) return err(malformed(`unsupported BTF flags 0x${bytes[3].toString(16)}`));
  const headerBytes = view.getUint32(4, true);
  if (headerBytes < BTF_HEADER_BYTES || headerBytes > bytes.length) {
    return err(malformed(`header length ${headerBytes} is out of range`));
  }
  const header: Header = {
    typesAt: headerBytes + view.getUint32(8, true),
    typesBytes: view.getUint32(12, true),
    stringsAt: headerBytes + view.getUint32(16, true),
    stringsBytes: view.getUint32(20, true),
  };
  const fault = checkSections(header, headerBytes, bytes.length);
  return fault ? err(fault) : ok(header);
}

function checkSections(header: Header, headerBytes: number, size: number): Diagnostic | undefined {
  const { typesAt, typesBytes, stringsAt, stringsBytes } = header;
  if ((typesAt - headerBytes) % 4 !== 0 || typesBytes % 4 !== 0)
    return malformed('type section is not aligned to 4');
  if (typesAt + typesBytes > size) return malformed('type section passes the end of the BTF');
  if (stringsAt + stringsBytes > size) return malformed('string section passes the end of the BTF');
  return undefined;
}
