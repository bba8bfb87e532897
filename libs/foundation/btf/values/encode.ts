import { type Diagnostic, diagnostic, err, fromHex, ok, type Result } from '@probed/base';
import type { Btf } from '../btf';
import { POINTER_BYTES } from '../kinds';
import { findNamedMember } from '../member-path';
import type {
  BtfArray,
  BtfDatasec,
  BtfEnum,
  BtfEnum64,
  BtfInt,
  BtfStruct,
  BtfType,
  BtfUnion,
} from '../types';
import { writeBits } from './scalars';
import { isByteInt, isCharInt } from './text';

/** What a value may be given as; every `JsonValue` is one. Null leaves the bytes as they are. */
export type EncodeInput =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly EncodeInput[]
  | { readonly [name: string]: EncodeInput };

/** Largest value that is encoded; no map value comes near. */
const BYTES_MAX = 64 * 1024 * 1024;

/**
 * The bytes of a value by type, the reverse of `decodeValue`: integers from numbers or strings (decimal or `0x…`,
 * checked against the type's range), bool, enumerators by name, `char[]` from text, `u8[]` from hex, arrays and
 * structs member by member. Members and elements not given are zero, or as in `into`.
 * Errors (`value-encode`): wrong shape, out of range, unknown member; `where` is the path of the member.
 *
 * @param into bytes to start from (not changed), e.g. the current contents of `.rodata`; at least the type's size.
 */
export function encodeValue(
  btf: Btf,
  typeId: number,
  value: EncodeInput,
  into?: Uint8Array,
): Result<Uint8Array> {
  if (!btf.has(typeId)) return err(fault(`BTF type ${typeId} does not exist`, ''));
  const size = Math.max(btf.sizeOf(typeId), datasecEnd(btf, typeId));
  if (size > BYTES_MAX) return err(fault(`type of ${size} bytes is larger than ${BYTES_MAX}`, ''));
  if (into && into.length < size) return err(fault(`${into.length} bytes are too few for ${size}`, ''));
  const bytes = into ? into.slice() : new Uint8Array(size);
  const failed = new Encoder(btf, bytes).write({ typeId, bitOffset: 0, bits: 0, path: '' }, value);
  return failed ? err(failed) : ok(bytes);
}

/** A compiler leaves the size of a DATASEC 0: then its last variable tells. */
function datasecEnd(btf: Btf, typeId: number): number {
  const type = btf.type(typeId);
  if (type.kind !== 'datasec') return 0;
  return type.vars.reduce((end, { offset, size }) => Math.max(end, offset + size), 0);
}

function fault(message: string, path: string, hint?: string): Diagnostic {
  return diagnostic('value-encode', message, { where: path || undefined, hint, errno: 22 });
}

/** Where a value goes. */
interface Slot {
  readonly typeId: number;
  readonly bitOffset: number;
  /** Width of a bit field; 0 for none. */
  readonly bits: number;
  /** For messages. */
  readonly path: string;
}

class Encoder {
  constructor(
    private readonly btf: Btf,
    private readonly bytes: Uint8Array,
  ) {}

  write(slot: Slot, value: EncodeInput): Diagnostic | undefined {
    if (value === null) return undefined;
    const type = this.btf.resolve(slot.typeId);
    switch (type.kind) {
      case 'int':
        return this.int(slot, type, value);
      case 'enum':
      case 'enum64':
        return this.enum(slot, type, value);
      case 'ptr':
        return this.integer(slot, value, POINTER_BYTES * 8, false);
      case 'float':
        return this.float(slot, type.size, value);
      case 'array':
        return this.array(slot, type, value);
      case 'struct':
      case 'union':
        return this.composite(slot, type, value);
      case 'var':
        return this.write({ ...slot, typeId: type.typeId }, value);
      case 'datasec':
        return this.datasec(slot, type, value);
      default:
        return fault(`a ${type.kind} has no value`, slot.path);
    }
  }

  private int(slot: Slot, type: BtfInt, value: EncodeInput): Diagnostic | undefined {
    const inside = { ...slot, bitOffset: slot.bitOffset + type.bitOffset };
    if (type.bool) {
      const truth = parseBool(value);
      if (truth === undefined) return fault(`${show(value)} is no bool`, slot.path, 'true or false');
      return this.integer(inside, truth, slot.bits || type.bits, false);
    }
    return this.integer(inside, value, slot.bits || type.bits, type.signed);
  }

  private enum(slot: Slot, type: BtfEnum | BtfEnum64, value: EncodeInput): Diagnostic | undefined {
    const bits = slot.bits || type.size * 8;
    const named = type.values.find(({ name }) => name === value);
    if (named) return this.integer(slot, BigInt(named.value), bits, type.signed);
    if (typeof value === 'string' && parseInteger(value) === undefined) {
      const names = type.values.slice(0, 8).map(({ name }) => name);
      return fault(
        `enum ${type.name} has no ${value}`,
        slot.path,
        `one of ${names.join(', ')}${type.values.length > names.length ? ', …' : ''}`,
      );
    }
    return this.integer(slot, value, bits, type.signed);
  }

  private integer(slot: Slot, value: EncodeInput, bits: number, signed: boolean): Diagnostic | undefined {
    const integer = parseInteger(value);
    if (integer === undefined) return fault(`${show(value)} is no integer`, slot.path);
    const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
    const high = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
    if (integer < low || integer > high) {
      return fault(
        `${integer} does not fit ${signed ? 'signed' : 'unsigned'} ${bits} bits (${low} to ${high})`,
        slot.path,
      );
    }
    return this.put(slot, bits, integer);
  }

  private put(slot: Slot, bits: number, value: bigint): Diagnostic | undefined {
    if (slot.bitOffset + bits > this.bytes.length * 8) return fault('lies outside its value', slot.path);
    writeBits(this.bytes, slot.bitOffset, bits, value);
    return undefined;
  }

  private float(slot: Slot, size: number, value: EncodeInput): Diagnostic | undefined {
    const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
    if (typeof number !== 'number' || (Number.isNaN(number) && value !== 'NaN')) {
      return fault(`${show(value)} is no number`, slot.path);
    }
    const view = new DataView(new ArrayBuffer(8));
    if (size === 4) view.setFloat32(0, number, true);
    else if (size === 8) view.setFloat64(0, number, true);
    else return fault(`floats of ${size} bytes are not supported`, slot.path);
    return this.put(slot, size * 8, view.getBigUint64(0, true));
  }

  private array(slot: Slot, type: BtfArray, value: EncodeInput): Diagnostic | undefined {
    const elem = this.btf.resolve(type.elemTypeId);
    if (typeof value === 'string') return this.byteArray(slot, elem, type.count, value);
    if (!Array.isArray(value)) return fault(`${show(value)} is no array`, slot.path);
    if (value.length > type.count)
      return fault(`${value.length} elements for an array of ${type.count}`, slot.path);
    const elemBits = this.btf.sizeOf(elem.id) * 8;
    for (const [i, item] of value.entries()) {
      const failed = this.write(
        { typeId: elem.id, bitOffset: slot.bitOffset + i * elemBits, bits: 0, path: `${slot.path}[${i}]` },
        item,
      );
      if (failed) return failed;
    }
    return undefined;
  }

  /** Text for `char[]`, hex digits for arrays of unsigned bytes; the rest of the array becomes zero. */
  private byteArray(slot: Slot, elem: BtfType, count: number, text: string): Diagnostic | undefined {
    let data: Uint8Array | undefined;
    if (elem.kind === 'int' && isCharInt(elem)) data = new TextEncoder().encode(text);
    else if (elem.kind === 'int' && isByteInt(elem)) {
      data = fromHex(text.replace(/^0x/i, ''));
      if (!data) return fault(`${show(text)} is no string of hex digit pairs`, slot.path);
    }
    if (!data) return fault(`${show(text)} is no array`, slot.path);
    const at = slot.bitOffset / 8;
    if (data.length > count) return fault(`${data.length} bytes for an array of ${count}`, slot.path);
    if (at + count > this.bytes.length) return fault('lies outside its value', slot.path);
    this.bytes.fill(0, at, at + count);
    this.bytes.set(data, at);
    return undefined;
  }

  private composite(slot: Slot, type: BtfStruct | BtfUnion, value: EncodeInput): Diagnostic | undefined {
    if (!isObject(value)) {
      return fault(`${show(value)} is no object for ${type.kind} ${type.name}`.trimEnd(), slot.path);
    }
    for (const [name, item] of Object.entries(value)) {
      const path = slot.path ? `${slot.path}.${name}` : name;
      const member = name === '' ? undefined : findNamedMember(this.btf, type.id, name);
      if (!member) return fault(`${type.kind} ${type.name || '<anon>'} has no member ${name}`, path);
      const bitOffset = slot.bitOffset + member.offsetBits;
      const failed = this.write({ typeId: member.typeId, bitOffset, bits: member.bits, path }, item);
      if (failed) return failed;
    }
    return undefined;
  }

  private datasec(slot: Slot, type: BtfDatasec, value: EncodeInput): Diagnostic | undefined {
    if (!isObject(value)) return fault(`${show(value)} is no object for section ${type.name}`, slot.path);
    for (const [name, item] of Object.entries(value)) {
      const place = type.vars.find(({ typeId }) => this.btf.type(typeId).name === name);
      if (!place) return fault(`section ${type.name} has no variable ${name}`, name);
      const bitOffset = slot.bitOffset + place.offset * 8;
      const failed = this.write({ typeId: place.typeId, bitOffset, bits: 0, path: name }, item);
      if (failed) return failed;
    }
    return undefined;
  }
}

function isObject(value: EncodeInput): value is { readonly [name: string]: EncodeInput } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const INTEGER = /^\s*([+-]?)(0x[0-9a-f]{1,64}|\d{1,64})\s*$/i;

/** Integer of a number, bool or string; undefined when it is none (or an inexact number). */
function parseInteger(value: EncodeInput): bigint | undefined {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'boolean') return value ? 1n : 0n;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
  if (typeof value !== 'string') return undefined;
  const match = INTEGER.exec(value);
  if (!match) return undefined;
  return match[1] === '-' ? -BigInt(match[2]) : BigInt(match[2]);
}

const BOOLS = new Map<EncodeInput, boolean>([
  [true, true],
  [false, false],
  [1, true],
  [0, false],
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
]);

function parseBool(value: EncodeInput): boolean | undefined {
  return BOOLS.get(value);
}

function show(value: EncodeInput): string {
  const text = typeof value === 'bigint' ? `${value}` : (JSON.stringify(value, bigintText) ?? String(value));
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
