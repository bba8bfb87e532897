import type {
  Btf,
  BtfArray,
  BtfEnum,
  BtfEnum64,
  BtfFloat,
  BtfInt,
  BtfStruct,
  BtfType,
  BtfUnion,
} from '@probed/btf';
import type { Value } from './value';

/** Reads a value at a byte offset. What lies beyond the bytes is zero, or cut off where it is an array's end. */
export type Decoder = (bytes: Uint8Array, at?: number) => Value;

/** Types nested many times over in themselves must end: values read at most, of one call. */
const VALUES_MAX = 1_000_000;
const WORD_BYTES = 8;

/** A decoder of a type; see {@link Value} for what becomes what. */
export function decoderOf(btf: Btf, typeId: number): Decoder {
  const compiler = new Compiler(btf);
  const read = compiler.reader(typeId);
  return (bytes, at = 0) => {
    const run = { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), left: VALUES_MAX };
    return read(run, at);
  };
}

interface Run {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  left: number;
}

type Reader = (run: Run, at: number) => Value;
type Members = { [name: string]: Value };
type MemberReader = (run: Run, at: number, into: Members) => void;

/** Turns types into closures, one a type. */
class Compiler {
  private readonly readers = new Map<number, Reader>();
  private readonly memberReaders = new Map<number, readonly MemberReader[]>();

  constructor(private readonly btf: Btf) {}

  reader(typeId: number): Reader {
    const id = this.btf.skipModifiers(typeId);
    let reader = this.readers.get(id);
    if (!reader) {
      const read = this.compile(this.btf.type(id));
      reader = (run, at) => (run.left-- > 0 ? read(run, at) : null);
      this.readers.set(id, reader);
    }
    return reader;
  }

  private compile(type: BtfType): Reader {
    switch (type.kind) {
      case 'int':
        return ({ bytes }, at) =>
          intValue(type, readBits(bytes, 8 * at + type.bitOffset, type.bits, type.signed));
      case 'float':
        return floatReader(type);
      case 'enum':
      case 'enum64': {
        const nameOf = enumNames(type);
        return ({ bytes }, at) => nameOf(readBits(bytes, 8 * at, 8 * type.size, type.signed));
      }
      case 'ptr':
        return ({ bytes }, at) => readBits(bytes, 8 * at, 8 * WORD_BYTES, false);
      case 'array':
        return this.array(type, false);
      case 'struct':
      case 'union':
        return this.composite(type);
      case 'var':
        return this.reader(type.typeId);
      default:
        return () => null;
    }
  }

  /** @param open the last member of its struct, declared `x[]`: it takes what is left of the bytes */
  private array(type: BtfArray, open: boolean): Reader {
    const elem = this.btf.resolve(type.elemTypeId);
    const size = this.btf.sizeOf(elem.id);
    const lengthAt = ({ bytes }: Run, at: number): number => {
      const room = size === 0 ? 0 : Math.max(0, Math.floor((bytes.length - at) / size));
      return open ? room : Math.min(type.count, room);
    };
    if (elem.kind === 'int' && elem.size === 1 && !elem.bool) {
      if (elem.name === 'char' || elem.char)
        return (run, at) => text(run.bytes.subarray(at, at + lengthAt(run, at)));
      if (!elem.signed) return (run, at) => run.bytes.slice(at, at + lengthAt(run, at));
    }
    const read = this.reader(elem.id);
    return (run, at) => {
      const values: Value[] = [];
      const length = lengthAt(run, at);
      for (let i = 0; i < length && run.left > 0; i++) values.push(read(run, at + i * size));
      return values;
    };
  }

  private composite(type: BtfStruct | BtfUnion): Reader {
    const members = this.members(type);
    return (run, at) => {
      const into: Members = {};
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
        if (run.left-- > 0) for (const reader of inner) reader(run, at + offsetBits / 8, into);
      };
    }
    if (bits > 0 || offsetBits % 8 !== 0) return bitField(name, type, offsetBits, bits);
    const open = type.kind === 'array' && type.count === 0 && index === parent.members.length - 1;
    const read = open ? this.array(type as BtfArray, true) : this.reader(type.id);
    return (run, at, into) => setMember(into, name, read(run, at + offsetBits / 8));
  }
}

function bitField(name: string, type: BtfType, offsetBits: number, bits: number): MemberReader | undefined {
  if (type.kind !== 'int' && type.kind !== 'enum' && type.kind !== 'enum64') return undefined;
  // Old-style bit fields have their width in the type.
  const width = bits || (type.kind === 'int' ? type.bits : 8 * type.size);
  const start = offsetBits + (bits === 0 && type.kind === 'int' ? type.bitOffset : 0);
  const toValue = type.kind === 'int' ? (raw: bigint) => intValue(type, raw) : enumNames(type);
  return ({ bytes }, at, into) => {
    setMember(into, name, toValue(readBits(bytes, 8 * at + start, width, type.signed)));
  };
}

/** A plain property even when the name is `__proto__`. */
function setMember(into: Members, name: string, value: Value): void {
  if (name !== '__proto__') into[name] = value;
  else Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
}

function intValue(type: BtfInt, raw: bigint): Value {
  if (type.bool) return raw !== 0n;
  return type.size >= WORD_BYTES ? raw : Number(raw);
}

function enumNames(type: BtfEnum | BtfEnum64): (raw: bigint) => Value {
  const names = new Map<bigint, string>();
  for (const { name, value } of type.values) if (!names.has(BigInt(value))) names.set(BigInt(value), name);
  return (raw) => names.get(raw) ?? (type.size >= WORD_BYTES ? raw : Number(raw));
}

function floatReader({ size }: BtfFloat): Reader {
  return ({ view, bytes }, at) => {
    if (at + size > bytes.length) return 0;
    if (size === 4) return view.getFloat32(at, true);
    return size === 8 ? view.getFloat64(at, true) : bytes.slice(at, at + size);
  };
}

/** Little-endian bits; those beyond the bytes are zero. */
function readBits(bytes: Uint8Array, offset: number, bits: number, signed: boolean): bigint {
  const first = Math.floor(offset / 8);
  const last = Math.floor((offset + bits - 1) / 8);
  let raw = 0n;
  for (let at = last; at >= first; at--) raw = (raw << 8n) | BigInt(bytes[at] ?? 0);
  raw >>= BigInt(offset - 8 * first);
  return signed ? BigInt.asIntN(bits, raw) : BigInt.asUintN(bits, raw);
}

const utf8 = new TextDecoder();

function text(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  return utf8.decode(nul < 0 ? bytes.slice() : bytes.slice(0, nul));
}
