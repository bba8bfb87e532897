import { assert, toHex } from '@probed/base';
import type { Btf } from '../btf';
import { POINTER_BYTES } from '../kinds';
import type {
  BtfArray,
  BtfDatasec,
  BtfEnum,
  BtfEnum64,
  BtfFloat,
  BtfInt,
  BtfStruct,
  BtfType,
  BtfUnion,
} from '../types';
import type { JsonValue } from './json';
import { jsonInt, narrow, readBits, readInt, word } from './scalars';
import { decodeText, isByteInt, isCharInt } from './text';

export interface DecodeOptions {
  /** `hex` (default): arrays of unsigned bytes as one hex string. `numbers`: as numbers. */
  readonly bytes?: 'hex' | 'numbers';
  /** Values decoded at most, scalars and composites alike; what comes after is null. Default 1,000,000. */
  readonly valuesMax?: number;
}

const VALUES_MAX_DEFAULT = 1_000_000;

/** A decoder of one type, kept for as long as records of it come. */
export type ValueDecoder = (bytes: Uint8Array) => JsonValue;

/**
 * Decodes bytes by type: integers as numbers (decimal strings beyond ±2^53), bool as booleans, `char[]` as text up to
 * NUL, `u8[]` as hex, enumerators by name (as numbers where none fits), pointers as `0x…`, structs and unions as
 * objects with anonymous members inlined, a flexible array from the rest of the bytes. A member past the end of the
 * bytes, and what has no value (void, functions), is null; an array is cut where the bytes end.
 */
export function decodeValue(
  btf: Btf,
  typeId: number,
  bytes: Uint8Array,
  options: DecodeOptions = {},
): JsonValue {
  return valueDecoder(btf, typeId, options)(bytes);
}

/** {@link decodeValue} with the types looked up once, for many values of one type. */
export function valueDecoder(btf: Btf, typeId: number, options: DecodeOptions = {}): ValueDecoder {
  assert(btf.has(typeId), `BTF type ${typeId} does not exist`);
  const compiler = new DecoderCompiler(btf, options);
  const read = compiler.reader(typeId);
  return (bytes) => read({ bytes, left: options.valuesMax ?? VALUES_MAX_DEFAULT }, 0);
}

/** One value in the making. */
interface Run {
  readonly bytes: Uint8Array;
  /** Values that may still be decoded: types nested in themselves many times over must end. */
  left: number;
}

/** Reads a value at a byte offset. */
type Reader = (run: Run, at: number) => JsonValue;

/** Adds a member to the object of its parent, which starts at byte `at`. */
type MemberReader = (run: Run, at: number, into: { [name: string]: JsonValue }) => void;

const nothing: Reader = () => null;

/** Turns types into closures, one a type. */
class DecoderCompiler {
  private readonly readers = new Map<number, Reader>();
  private readonly memberReaders = new Map<number, readonly MemberReader[]>();

  constructor(
    private readonly btf: Btf,
    private readonly options: DecodeOptions,
  ) {}

  reader(typeId: number): Reader {
    const id = this.btf.skipModifiers(typeId);
    let reader = this.readers.get(id);
    if (!reader) {
      reader = guarded(this.compile(this.btf.type(id)));
      this.readers.set(id, reader);
    }
    return reader;
  }

  private compile(type: BtfType): Reader {
    switch (type.kind) {
      case 'int':
        return intReader(type);
      case 'float':
        return floatReader(type);
      case 'enum':
      case 'enum64':
        return enumReader(type);
      case 'ptr':
        return sized(POINTER_BYTES, ({ bytes }, at) => pointer(word(bytes, at), word(bytes, at + 4)));
      case 'array':
        return this.array(type, type.count);
      case 'struct':
      case 'union':
        return this.composite(type);
      case 'var':
        return this.reader(type.typeId);
      case 'datasec':
        return this.datasec(type);
      default:
        return nothing;
    }
  }

  /** `count` 0 takes what is left of the bytes. */
  private array(type: BtfArray, count: number, flexible = false): Reader {
    const elem = this.btf.resolve(type.elemTypeId);
    const size = this.btf.sizeOf(elem.id);
    const length = ({ bytes }: Run, at: number): number => {
      const room = Math.max(0, bytes.length - at);
      return flexible ? (size === 0 ? 0 : Math.floor(room / size)) : count;
    };
    const asText = elem.kind === 'int' && isCharInt(elem);
    const asHex = elem.kind === 'int' && isByteInt(elem) && this.options.bytes !== 'numbers';
    if (asText || asHex) {
      return (run, at) => {
        if (at > run.bytes.length || (at === run.bytes.length && count > 0)) return null;
        const part = run.bytes.subarray(at, at + length(run, at));
        return asText ? decodeText(part) : toHex(part);
      };
    }
    const read = this.reader(elem.id);
    return (run, at) => {
      const values: JsonValue[] = [];
      const n = length(run, at);
      for (let i = 0; i < n && run.left > 0; i++) {
        if (at + i * size >= run.bytes.length && size > 0) break;
        values.push(read(run, at + i * size));
      }
      return values;
    };
  }

  private composite(type: BtfStruct | BtfUnion): Reader {
    const members = this.members(type);
    return (run, at) => {
      const into: { [name: string]: JsonValue } = {};
      for (const member of members) member(run, at, into);
      return into;
    };
  }

  private members(type: BtfStruct | BtfUnion): readonly MemberReader[] {
    let readers = this.memberReaders.get(type.id);
    if (!readers) {
      readers = type.members.flatMap((_, index) => this.member(type, index) ?? []);
      this.memberReaders.set(type.id, readers);
    }
    return readers;
  }

  private member(parent: BtfStruct | BtfUnion, index: number): MemberReader | undefined {
    const { name, typeId, offsetBits, bits } = parent.members[index];
    const type = this.btf.resolve(typeId);
    if (name === '') {
      if (type.kind !== 'struct' && type.kind !== 'union') return undefined;
      const inner = this.members(type);
      return (run, at, into) => {
        if (run.left-- <= 0) return;
        for (const reader of inner) reader(run, at + offsetBits / 8, into);
      };
    }
    const last = index === parent.members.length - 1;
    let read: Reader;
    if (bits > 0 || offsetBits % 8 !== 0) return bitfieldMember(name, type, offsetBits, bits);
    if (type.kind === 'array' && type.count === 0 && last) read = guarded(this.array(type, 0, true));
    else read = this.reader(type.id);
    return (run, at, into) => setMember(into, name, read(run, at + offsetBits / 8));
  }

  private datasec(type: BtfDatasec): Reader {
    const vars = type.vars.map(({ typeId, offset }) => ({
      name: this.btf.type(typeId).name,
      offset,
      read: this.reader(typeId),
    }));
    return (run, at) => {
      const into: { [name: string]: JsonValue } = {};
      for (const { name, offset, read } of vars) setMember(into, name, read(run, at + offset));
      return into;
    };
  }
}

function guarded(read: Reader): Reader {
  return (run, at) => (run.left-- > 0 ? read(run, at) : null);
}

/** Null when the value is not wholly there. */
function sized(size: number, read: Reader): Reader {
  return (run, at) => (at + size <= run.bytes.length ? read(run, at) : null);
}

/** A plain property even when the name is `__proto__`. */
function setMember(into: { [name: string]: JsonValue }, name: string, value: JsonValue): void {
  if (name !== '__proto__') into[name] = value;
  else Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
}

function pointer(lo: number, hi: number): string {
  return hi === 0 ? `0x${lo.toString(16)}` : `0x${hi.toString(16)}${lo.toString(16).padStart(8, '0')}`;
}

function intReader(type: BtfInt): Reader {
  const { size, signed, bits, bitOffset } = type;
  if (bitOffset !== 0 || bits !== size * 8) {
    return sized(size, ({ bytes }, at) => intJson(type, readBits(bytes, at * 8 + bitOffset, bits, signed)));
  }
  return sized(size, ({ bytes }, at) => intJson(type, readInt(bytes, at, size, signed)));
}

function intJson(type: BtfInt, value: number | bigint): JsonValue {
  return type.bool ? Number(value) !== 0 : jsonInt(value);
}

function floatReader({ size }: BtfFloat): Reader {
  return sized(size, ({ bytes }, at) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, size);
    if (size !== 4 && size !== 8) return toHex(bytes.subarray(at, at + size));
    const value = size === 4 ? view.getFloat32(0, true) : view.getFloat64(0, true);
    return Number.isFinite(value) ? value : String(value);
  });
}

function enumNames(type: BtfEnum | BtfEnum64): (value: number | bigint) => JsonValue {
  const names = new Map<number | bigint, string>();
  for (const { name, value } of type.values) {
    const key = typeof value === 'bigint' ? narrow(value) : value;
    if (!names.has(key)) names.set(key, name);
  }
  return (value) => names.get(value) ?? jsonInt(value);
}

function enumReader(type: BtfEnum | BtfEnum64): Reader {
  const nameOf = enumNames(type);
  const { size, signed } = type;
  return sized(size, ({ bytes }, at) => nameOf(readInt(bytes, at, size, signed)));
}

function bitfieldMember(
  name: string,
  type: BtfType,
  offsetBits: number,
  bits: number,
): MemberReader | undefined {
  const scalar = type.kind === 'int' || type.kind === 'enum' || type.kind === 'enum64';
  if (!scalar) return (_run, _at, into) => setMember(into, name, null);
  // Old-style bit fields have their width in the type.
  const width = bits || (type.kind === 'int' ? type.bits : type.size * 8);
  const start = offsetBits + (bits === 0 && type.kind === 'int' ? type.bitOffset : 0);
  const json = type.kind === 'int' ? (value: number | bigint) => intJson(type, value) : enumNames(type);
  return (run, at, into) => {
    const from = at * 8 + start;
    const there = run.left-- > 0 && from + width <= run.bytes.length * 8;
    setMember(into, name, there ? json(readBits(run.bytes, from, width, type.signed)) : null);
  };
}
