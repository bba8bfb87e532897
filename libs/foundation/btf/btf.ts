import { assert, ok, type Result } from '@probed/base';
import { alignmentsOf } from './alignment';
import { resolveDataSection } from './data-section';
import { decodeType } from './decode-type';
import { essentialLength } from './essential-name';
import { KIND_NAMES } from './kinds';
import { findMember } from './member-path';
import { NameIndex } from './name-index';
import { type ParsedBtf, parseBtf } from './parse';
import { kindOf } from './scan';
import type { BtfDataSection, BtfKind, BtfMemberPlace, BtfType } from './types';

/** The kinds that only qualify or rename another type. */
const MODIFIERS: ReadonlySet<BtfKind> = new Set<BtfKind>([
  'typedef',
  'volatile',
  'const',
  'restrict',
  'type_tag',
]);

/**
 * The types of one kernel or object, immutable.
 *
 * Types are decoded when first asked for. A `Btf` that exists is sound: ids and names are in range, no type contains
 * itself, chains are short, no size passes 32 bits; hence no method fails or recurses without bound.
 */
export class Btf {
  private readonly types: (BtfType | undefined)[];
  private readonly kindNumbers: Uint8Array;
  private names: NameIndex | undefined;
  private essentialNames: NameIndex | undefined;
  private functionIds: Map<string, number> | undefined;
  private sections: readonly BtfDataSection[] | undefined;
  private alignments: ((id: number) => number) | undefined;

  private constructor(private readonly parsed: ParsedBtf) {
    const { words, starts, count } = parsed.section;
    this.types = new Array(count);
    this.kindNumbers = new Uint8Array(count);
    for (let id = 1; id < count; id++) this.kindNumbers[id] = kindOf(words[starts[id] + 1]);
    this.types[0] = { kind: 'void', id: 0, name: '' };
  }

  /**
   * Parses BTF bytes (a `.BTF` section or `/sys/kernel/btf/vmlinux`); they are copied. Errors: `btf-malformed`.
   *
   * @param base for split BTF (`/sys/kernel/btf/<module>`): the types that its own ids and strings follow. The result
   * holds the types of both.
   */
  static parse(bytes: Uint8Array, base?: Btf): Result<Btf> {
    const parsed = parseBtf(bytes, base?.parsed);
    return parsed.ok ? ok(new Btf(parsed.value)) : parsed;
  }

  /** First id that is not the base's: 1 but in split BTF. */
  get firstId(): number {
    return this.parsed.firstId;
  }

  /** Type section, strings and sizes as parsed, for passes that work on the words themselves. Not to be written to. */
  raw(): ParsedBtf {
    return this.parsed;
  }

  /** Number of ids, void (0) included: ids are 0 … typeCount - 1. */
  get typeCount(): number {
    return this.types.length;
  }

  /** True for an id that exists; ids from outside (func_info, relocations, users) are to be asked about first. */
  has(id: number): boolean {
    return Number.isInteger(id) && id >= 0 && id < this.types.length;
  }

  /** The type of an id that exists; the same object each time. */
  type(id: number): BtfType {
    return (this.types[id] ??= this.decode(id));
  }

  /** Kind without decoding the type. */
  kind(id: number): BtfKind {
    assert(this.has(id), `BTF type ${id} does not exist`);
    return KIND_NAMES[this.kindNumbers[id]];
  }

  /** String at an offset into the string section, as `.BTF.ext` and `struct bpf_line_info` use; undefined outside. */
  string(offset: number): string | undefined {
    const { strings } = this.parsed;
    return offset >= 0 && offset < strings.bytes.length ? strings.at(offset) : undefined;
  }

  /** Lowest id of a type with exactly this name, of this kind when one is given. */
  findByName(name: string, kind?: BtfKind): number | undefined {
    return this.nameIndex().find(name, (id) => kind === undefined || this.kind(id) === kind);
  }

  /** All ids with exactly this name, ascending. */
  findAllByName(name: string, kind?: BtfKind): number[] {
    const ids: number[] = [];
    this.nameIndex().find(name, (id) => {
      if (kind === undefined || this.kind(id) === kind) ids.push(id);
      return false;
    });
    return ids;
  }

  /** All ids whose name less a `___flavour` is this, ascending. */
  findAllByEssentialName(name: string): number[] {
    this.essentialNames ??= this.makeNameIndex(essentialLength);
    const ids: number[] = [];
    this.essentialNames.find(name, (id) => {
      ids.push(id);
      return false;
    });
    return ids;
  }

  /** Bytes; 0 for what has no size (void, forward declarations, functions). A VAR has its type's size. */
  sizeOf(id: number): number {
    assert(this.has(id), `BTF type ${id} does not exist`);
    return this.parsed.sizes[id];
  }

  /**
   * Alignment in bytes that clang gives the type as the C printer declares it: natural alignment, 1 for a struct whose
   * members or size show that it is packed.
   */
  alignOf(id: number): number {
    this.alignments ??= alignmentsOf(this);
    return this.alignments(id);
  }

  /** What a type is once const, volatile, restrict, type_tag and typedef are taken off. */
  skipModifiers(id: number): number {
    for (let type = this.type(id); ; type = this.type(id)) {
      if (!('typeId' in type) || !MODIFIERS.has(type.kind)) return id;
      id = type.typeId;
    }
  }

  /** {@link type} of {@link skipModifiers}. */
  resolve(id: number): BtfType {
    return this.type(this.skipModifiers(id));
  }

  /**
   * Place of a member by path, e.g. `a.b[2].c`, seeing through anonymous structs and unions, typedefs and modifiers;
   * `->` is not followed. Undefined when there is no such member or an index is out of bounds.
   */
  member(structId: number, path: string): BtfMemberPlace | undefined {
    return this.has(structId) ? findMember(this, structId, path) : undefined;
  }

  /** Byte offset of {@link member}; undefined for bit fields too. */
  memberOffset(structId: number, path: string): number | undefined {
    const place = this.member(structId, path);
    return place && place.bits === 0 ? place.offsetBits / 8 : undefined;
  }

  /** FUNC ids by name (the lowest id of each name). */
  functions(): ReadonlyMap<string, number> {
    if (!this.functionIds) {
      this.functionIds = new Map();
      for (const id of this.idsOfKind('func')) {
        const { name } = this.type(id);
        if (!this.functionIds.has(name)) this.functionIds.set(name, id);
      }
    }
    return this.functionIds;
  }

  /** Every DATASEC with its variables, in id order. */
  dataSections(): readonly BtfDataSection[] {
    this.sections ??= [...this.idsOfKind('datasec')].map((id) => resolveDataSection(this, id));
    return this.sections;
  }

  /** The DATASEC of that name. */
  dataSection(name: string): BtfDataSection | undefined {
    return this.dataSections().find((section) => section.name === name);
  }

  /** Ids of one kind, ascending, without decoding the types. */
  *idsOfKind(kind: BtfKind): Generator<number> {
    const wanted = KIND_NAMES.indexOf(kind);
    for (let id = 0; id < this.kindNumbers.length; id++) if (this.kindNumbers[id] === wanted) yield id;
  }

  private decode(id: number): BtfType {
    assert(this.has(id), `BTF type ${id} does not exist`);
    return decodeType(this.parsed.section, this.parsed.strings, id);
  }

  private nameIndex(): NameIndex {
    this.names ??= this.makeNameIndex((_bytes, start, end) => end - start);
    return this.names;
  }

  private makeNameIndex(lengthOf: (bytes: Uint8Array, start: number, end: number) => number): NameIndex {
    const { section, strings } = this.parsed;
    const nameOffsets = new Uint32Array(section.count);
    for (let id = 1; id < section.count; id++) nameOffsets[id] = section.words[section.starts[id]];
    return new NameIndex(strings, nameOffsets, lengthOf);
  }
}
