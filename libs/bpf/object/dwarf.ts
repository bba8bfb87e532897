import { ByteReader, TruncatedError } from '@probed/base';

/** `DW_TAG_*` of what types are made of (DWARF 5 §7.5.3). */
export const TAG = {
  ARRAY: 0x01,
  ENUMERATION: 0x04,
  MEMBER: 0x0d,
  POINTER: 0x0f,
  STRUCTURE: 0x13,
  SUBROUTINE: 0x15,
  TYPEDEF: 0x16,
  UNION: 0x17,
  SUBRANGE: 0x21,
  BASE: 0x24,
  CONST: 0x26,
  ENUMERATOR: 0x28,
  VOLATILE: 0x35,
  RESTRICT: 0x37,
} as const;

/** A debugging information entry that says something of a type. Offsets count from the section's start. */
export interface Die {
  readonly offset: number;
  readonly tag: number;
  /** Entry that this one belongs to, among those kept: a member's struct, an enumerator's enum. */
  readonly parent: Die | undefined;
  readonly children: Die[];
  readonly name: string;
  /** Offset of the type's entry; undefined for void. */
  readonly type: number | undefined;
  readonly byteSize: number | undefined;
  /** `DW_ATE_*`. */
  readonly encoding: number | undefined;
  /** Elements of an array's dimension. */
  readonly count: number | undefined;
  readonly value: bigint | undefined;
  /** Bits from the start of the struct. */
  readonly bitOffset: number | undefined;
  readonly bitSize: number | undefined;
  readonly declaration: boolean;
}

interface DwarfSections {
  readonly info: Uint8Array;
  readonly abbrev: Uint8Array;
  readonly str: Uint8Array;
  readonly strOffsets: Uint8Array;
  readonly lineStr: Uint8Array;
}

const AT = {
  NAME: 0x03,
  BYTE_SIZE: 0x0b,
  BIT_SIZE: 0x0d,
  CONST_VALUE: 0x1c,
  UPPER_BOUND: 0x2f,
  COUNT: 0x37,
  DATA_MEMBER_LOCATION: 0x38,
  DECLARATION: 0x3c,
  ENCODING: 0x3e,
  TYPE: 0x49,
  DATA_BIT_OFFSET: 0x6b,
  STR_OFFSETS_BASE: 0x72,
} as const;

const KEPT: ReadonlySet<number> = new Set(Object.values(TAG));
const DIES_MAX = 500_000;
const DEPTH_MAX = 256;
const DW_UT_COMPILE = 1;
const DW_UT_PARTIAL = 3;
/** Strings of one object, all together; more means a file made to hurt. */
const TEXT_BYTES_MAX = 16 * 1024 * 1024;

interface AbbrevAttribute {
  readonly name: number;
  readonly form: number;
  /** Undefined for a form that is not known, since what follows it cannot be found. */
  readonly read: FormReader | undefined;
  /** Something is made of its value. */
  readonly wanted: boolean;
}

interface Abbrev {
  readonly tag: number;
  readonly children: boolean;
  readonly attributes: readonly AbbrevAttribute[];
}

/** The value of an attribute: a number (BigInt where a double may not hold it), a text, or nothing of interest. */
type AttributeValue = number | bigint | string | undefined;

/**
 * Reads the type entries of `.debug_info`, versions 4 and 5, 32-bit format: what clang writes next to BTF. Damaged
 * data ends the reading; what was read until then is kept. Relocations need not be applied: in eBPF objects the
 * places hold the values already.
 */
export function readDwarf(sections: DwarfSections): Die[] {
  const reader = new DwarfReader(sections);
  try {
    reader.readUnits();
  } catch (cause) {
    if (!(cause instanceof TruncatedError)) throw cause;
  }
  return reader.dies;
}

class DwarfReader {
  readonly dies: Die[] = [];
  private readonly info: ByteReader;
  private readonly abbrevTables = new Map<number, Map<number, Abbrev>>();
  private readonly strOffsets: ByteReader;
  /** Strings of `.debug_str` and `.debug_line_str` by offset. */
  private readonly texts = new Map<number, string>();
  private readonly lineTexts = new Map<number, string>();
  private textBytes = 0;
  private unitStart = 0;
  private addressBytes = 8;
  private strOffsetsBase = 8;

  constructor(private readonly sections: DwarfSections) {
    this.info = new ByteReader(sections.info);
    this.strOffsets = new ByteReader(sections.strOffsets);
  }

  readUnits(): void {
    const { info } = this;
    while (info.pos < info.size) {
      this.unitStart = info.pos;
      const length = info.u32();
      // 0xffffffff would begin the 64-bit format, which compilers use for objects beyond 4 GiB only.
      if (length >= 0xffff_fff0) return;
      const end = info.pos + length;
      const abbrevs = this.readUnitHeader();
      if (abbrevs) this.readDies(abbrevs, Math.min(end, info.size));
      info.seek(end);
    }
  }

  private readUnitHeader(): Map<number, Abbrev> | undefined {
    const { info } = this;
    const version = info.u16();
    if (version !== 4 && version !== 5) return undefined;
    const unitType = version === 5 ? info.u8() : DW_UT_COMPILE;
    if (unitType !== DW_UT_COMPILE && unitType !== DW_UT_PARTIAL) return undefined;
    if (version === 5) this.addressBytes = info.u8();
    const abbrevOffset = info.u32();
    if (version === 4) this.addressBytes = info.u8();
    this.strOffsetsBase = 8;
    let table = this.abbrevTables.get(abbrevOffset);
    if (!table) this.abbrevTables.set(abbrevOffset, (table = this.readAbbrevs(abbrevOffset)));
    return table;
  }

  private readAbbrevs(offset: number): Map<number, Abbrev> {
    const reader = new ByteReader(this.sections.abbrev, offset);
    const table = new Map<number, Abbrev>();
    for (let code = Number(uleb(reader)); code !== 0; code = Number(uleb(reader))) {
      const tag = Number(uleb(reader));
      const children = reader.u8() !== 0;
      const attributes: AbbrevAttribute[] = [];
      for (;;) {
        const name = Number(uleb(reader));
        const form = Number(uleb(reader));
        const implicit = form === FORM_IMPLICIT_CONST ? sleb(reader) : undefined;
        if (name === 0 && form === 0) break;
        const read = implicit === undefined ? FORMS[form] : () => implicit;
        const wanted = name === AT.STR_OFFSETS_BASE || (KEPT.has(tag) && WANTED.has(name));
        attributes.push({ name, form, read, wanted });
      }
      table.set(code, { tag, children, attributes });
    }
    return table;
  }

  private readDies(abbrevs: ReadonlyMap<number, Abbrev>, end: number): void {
    const { info } = this;
    const parents: (Die | undefined)[] = [];
    while (info.pos < end && this.dies.length < DIES_MAX && parents.length < DEPTH_MAX) {
      const offset = info.pos;
      const code = Number(uleb(info));
      if (code === 0) {
        parents.pop();
        if (parents.length === 0) return;
        continue;
      }
      const abbrev = abbrevs.get(code);
      if (!abbrev) return;
      const values = this.readAttributes(abbrev);
      if (!values) return;
      const die = KEPT.has(abbrev.tag) ? this.makeDie(offset, abbrev.tag, parents.at(-1), values) : undefined;
      if (abbrev.children) parents.push(die);
    }
  }

  /** Undefined when a form is unknown, since what follows it cannot be found then. */
  private readAttributes(abbrev: Abbrev): Map<number, AttributeValue> | undefined {
    const values = new Map<number, AttributeValue>();
    for (const { name, form, read, wanted } of abbrev.attributes) {
      if (!read) return undefined;
      const value = read(this.info, this.addressBytes);
      if (!wanted) continue;
      if (name === AT.NAME) values.set(name, this.resolveText(form, value));
      else if (name === AT.TYPE && typeof value === 'number' && form !== FORM_REF_ADDR)
        values.set(name, value + this.unitStart);
      else values.set(name, value);
      if (name === AT.STR_OFFSETS_BASE) this.strOffsetsBase = Number(value);
    }
    return values;
  }

  /** Text of a name, wherever it is kept. */
  private resolveText(form: number, value: AttributeValue): AttributeValue {
    if (typeof value !== 'number') return value;
    if (form === FORM_STRP) return this.text(this.sections.str, this.texts, value);
    if (form === FORM_LINE_STRP) return this.text(this.sections.lineStr, this.lineTexts, value);
    if (!STRX_FORMS.has(form)) return value;
    const offset = this.strOffsets.seek(this.strOffsetsBase + value * 4).u32();
    return this.text(this.sections.str, this.texts, offset);
  }

  private text(bytes: Uint8Array, texts: Map<number, string>, offset: number): string {
    let text = texts.get(offset);
    if (text === undefined) {
      text = new ByteReader(bytes).cstringAt(offset);
      this.textBytes += text.length;
      if (this.textBytes > TEXT_BYTES_MAX) throw new TruncatedError(offset, text.length, bytes.length);
      texts.set(offset, text);
    }
    return text;
  }

  private makeDie(
    offset: number,
    tag: number,
    parent: Die | undefined,
    values: ReadonlyMap<number, AttributeValue>,
  ): Die {
    const number = (name: number) => {
      const value = values.get(name);
      if (typeof value !== 'number' && typeof value !== 'bigint') return undefined;
      return value >= 0 && value < 0x1_0000_0000 ? Number(value) : undefined;
    };
    const name = values.get(AT.NAME);
    const value = values.get(AT.CONST_VALUE);
    const upper = number(AT.UPPER_BOUND);
    const location = number(AT.DATA_MEMBER_LOCATION);
    const die: Die = {
      offset,
      tag,
      parent,
      children: [],
      name: typeof name === 'string' ? name : '',
      type: number(AT.TYPE),
      byteSize: number(AT.BYTE_SIZE),
      encoding: number(AT.ENCODING),
      count: number(AT.COUNT) ?? (upper === undefined ? undefined : upper + 1),
      value: typeof value === 'number' || typeof value === 'bigint' ? BigInt(value) : undefined,
      bitOffset: number(AT.DATA_BIT_OFFSET) ?? (location === undefined ? undefined : location * 8),
      bitSize: number(AT.BIT_SIZE),
      declaration: values.has(AT.DECLARATION),
    };
    this.dies.push(die);
    parent?.children.push(die);
    return die;
  }
}

const WANTED: ReadonlySet<number> = new Set(Object.values(AT));
const FORM_STRP = 0x0e;
const FORM_REF_ADDR = 0x10;
const FORM_LINE_STRP = 0x1f;
const FORM_IMPLICIT_CONST = 0x21;
/** `DW_FORM_strx`, `strx1` … `strx4`. */
const STRX_FORMS: ReadonlySet<number> = new Set([0x1a, 0x25, 0x26, 0x27, 0x28]);

type FormReader = (reader: ByteReader, addressBytes: number) => AttributeValue;

/** Unsigned, little-endian. */
const fixed = (bytes: number): FormReader => FIXED[bytes] ?? ((reader) => little(reader.slice(bytes)));
const FIXED: Readonly<Record<number, FormReader>> = {
  1: (reader) => reader.u8(),
  2: (reader) => reader.u16(),
  3: (reader) => reader.u16() + reader.u8() * 0x1_0000,
  4: (reader) => reader.u32(),
};
const block =
  (lengthOf: (reader: ByteReader) => number): FormReader =>
  (reader) => {
    reader.skip(lengthOf(reader));
    return undefined;
  };
const byUleb: FormReader = (reader) => uleb(reader);

/** How each form is read (DWARF 5 §7.5.6, and the few of DWARF 4 that 5 dropped). */
const FORMS: Readonly<Record<number, FormReader>> = {
  1: (reader, addressBytes) => little(reader.slice(addressBytes)),
  3: block((r) => r.u16()),
  4: block((r) => r.u32()),
  5: fixed(2),
  6: fixed(4),
  7: fixed(8),
  8: (reader) => {
    const text = reader.cstringAt(reader.pos);
    reader.skip(reader.bytes.indexOf(0, reader.pos) - reader.pos + 1);
    return text;
  },
  9: block((r) => Number(uleb(r))),
  10: block((r) => r.u8()),
  11: fixed(1),
  12: fixed(1),
  13: (reader) => sleb(reader),
  [FORM_STRP]: fixed(4),
  15: byUleb,
  [FORM_REF_ADDR]: fixed(4),
  17: fixed(1),
  18: fixed(2),
  19: fixed(4),
  20: fixed(8),
  21: byUleb,
  23: fixed(4),
  24: block((r) => Number(uleb(r))),
  25: () => 1,
  26: byUleb,
  27: byUleb,
  28: fixed(4),
  29: fixed(4),
  30: fixed(16),
  [FORM_LINE_STRP]: fixed(4),
  32: fixed(8),
  34: byUleb,
  35: byUleb,
  36: fixed(8),
  37: fixed(1),
  38: fixed(2),
  39: fixed(3),
  40: fixed(4),
  41: fixed(1),
  42: fixed(2),
  43: fixed(3),
  44: fixed(4),
};

function little(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]);
  return value;
}

const LEB_BYTES_MAX = 10;
/** Seven groups of seven bits fit into a double. */
const LEB_BYTES_EXACT = 7;

/** LEB128 (DWARF 5 §7.6). */
function leb(reader: ByteReader, signed: boolean): number | bigint {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < LEB_BYTES_EXACT; i++) {
    const byte = reader.u8();
    value += (byte & 0x7f) * scale;
    scale *= 128;
    if (!(byte & 0x80)) return signed && byte & 0x40 ? value - scale : value;
  }
  return longLeb(reader, signed, BigInt(value));
}

function longLeb(reader: ByteReader, signed: boolean, low: bigint): bigint {
  let value = low;
  let bits = BigInt(LEB_BYTES_EXACT * 7);
  for (let i = LEB_BYTES_EXACT; i < LEB_BYTES_MAX; i++) {
    const byte = reader.u8();
    value |= BigInt(byte & 0x7f) << bits;
    bits += 7n;
    if (!(byte & 0x80)) return signed && byte & 0x40 ? value - (1n << bits) : value;
  }
  throw new TruncatedError(reader.pos, 1, reader.size);
}

function uleb(reader: ByteReader): number | bigint {
  return leb(reader, false);
}

function sleb(reader: ByteReader): number | bigint {
  return leb(reader, true);
}
