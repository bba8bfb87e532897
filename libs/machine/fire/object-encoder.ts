import { diagnostic, err, ok, type Result, suggestion, toHex } from '@probed/base';
import {
  type Btf,
  type BtfArray,
  type BtfInt,
  type BtfPtr,
  type BtfType,
  type EncodeInput,
  encodeValue,
} from '@probed/btf';
import { addressBytes } from './addresses';
import { enumerator } from './enumerators';
import { type HookValue, isMembers, Pointer } from './pointer';
import { shown } from './words';

const EINVAL = 22;
const MASK_64 = (1n << 64n) - 1n;
/** Objects within objects; a list that points back at itself ends here. */
const DEPTH_MAX = 32;
/** Types whose text is an internet address. */
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['__be32', 'in_addr', 'in6_addr', 'in_addr_t']);

/** Puts bytes into the kernel's memory. */
export type Place = (bytes: Uint8Array, type: string) => Result<Pointer>;

/**
 * Values of a kernel's types as bytes, made of what a host writes. Beyond `encodeValue` of lib `btf`: where a member is
 * a pointer, text, bytes, lists and objects are placed in memory and pointed to; text stands for an internet address
 * where the type is one; a negative integer is taken by an unsigned member.
 * Errors: `kernel-object`, naming the member.
 */
export class ObjectEncoder {
  constructor(
    private readonly btf: Btf,
    private readonly place: Place,
  ) {}

  /** @param into bytes to start from (not changed) */
  encode(typeId: number, value: HookValue, into?: Uint8Array): Result<Uint8Array> {
    const input = this.lower(typeId, value, '', 0);
    if (!input.ok) return input;
    const bytes = encodeValue(this.btf, typeId, input.value, into);
    return bytes.ok ? bytes : err({ ...bytes.error, code: 'kernel-object' });
  }

  /** What a pointer to `typeId` is given: the value itself placed in memory. */
  pointTo(typeId: number, value: HookValue, path: string, depth = 0): Result<Pointer | null> {
    if (value === null) return ok(null);
    if (value instanceof Pointer) return ok(value);
    const target = this.btf.resolve(typeId);
    if (value instanceof Uint8Array) return this.place(value, 'bytes');
    if (typeof value === 'string') {
      if (target.kind === 'void' || (target.kind === 'int' && target.size === 1))
        return this.place(new TextEncoder().encode(`${value}\0`), 'char');
      return fault(`${shown(value)} is no ${nameOf(target)}`, path);
    }
    if (Array.isArray(value)) return this.pointToList(target, value, path, depth);
    if (!isMembers(value)) return fault(`${shown(value)} can't be pointed to`, path);
    if (target.kind !== 'struct' && target.kind !== 'union')
      return fault(`a pointer to ${nameOf(target)} takes no members`, path);
    const input = this.lower(target.id, value, path, depth + 1);
    if (!input.ok) return input;
    const bytes = encodeValue(this.btf, target.id, input.value);
    if (!bytes.ok)
      return err({ ...bytes.error, code: 'kernel-object', where: join(path, bytes.error.where) });
    return this.place(bytes.value, nameOf(target));
  }

  private pointToList(
    target: BtfType,
    values: readonly HookValue[],
    path: string,
    depth: number,
  ): Result<Pointer> {
    const size = this.btf.sizeOf(target.id);
    if (size === 0) return fault(`a pointer to ${nameOf(target)} takes no list`, path);
    const all = new Uint8Array(Math.max(1, size * values.length));
    for (const [i, value] of values.entries()) {
      const input = this.lower(target.id, value, `${path}[${i}]`, depth + 1);
      if (!input.ok) return input;
      const bytes = encodeValue(this.btf, target.id, input.value);
      if (!bytes.ok) return err({ ...bytes.error, code: 'kernel-object', where: `${path}[${i}]` });
      all.set(bytes.value, i * size);
    }
    return this.place(all, nameOf(target));
  }

  /** What `encodeValue` takes, with all that is pointed to in memory already. */
  private lower(typeId: number, value: HookValue, path: string, depth: number): Result<EncodeInput> {
    if (depth > DEPTH_MAX) return fault(`objects nest deeper than ${DEPTH_MAX}`, path);
    const type = this.btf.resolve(typeId);
    if (value === null) return ok(type.kind === 'ptr' ? 0n : null);
    if (typeof value === 'string' && this.isAddressType(typeId)) {
      const address = addressBytes(value);
      if (address) return this.address(type, address, path);
    }
    switch (type.kind) {
      case 'ptr':
        return this.pointer(type, value, path, depth);
      case 'struct':
      case 'union':
        return this.members(type, value, path, depth);
      case 'array':
        return this.array(type, value, path, depth);
      case 'int':
        return this.integer(type, value, path);
      default:
        return scalar(value, path);
    }
  }

  private pointer(type: BtfPtr, value: HookValue, path: string, depth: number): Result<EncodeInput> {
    if (typeof value === 'number' || typeof value === 'bigint') {
      if (typeof value === 'number' && !Number.isSafeInteger(value))
        return fault(`${value} is no address`, path);
      return ok(BigInt(value) & MASK_64);
    }
    const pointer = this.pointTo(type.typeId, value, path, depth);
    return pointer.ok ? ok(pointer.value?.address ?? 0n) : pointer;
  }

  private members(
    type: BtfType & { kind: 'struct' | 'union' },
    value: HookValue,
    path: string,
    depth: number,
  ): Result<EncodeInput> {
    if (!isMembers(value))
      return fault(`${shown(value)} is no ${nameOf(type)}`, path, 'give its members by name');
    const input: Record<string, EncodeInput> = {};
    for (const [name, item] of Object.entries(value)) {
      const at = join(path, name);
      const member = /^[A-Za-z_]\w*$/.test(name) ? this.btf.member(type.id, name) : undefined;
      if (!member) {
        const hint = suggestion(name, this.memberNames(type));
        return fault(`${nameOf(type)} has no member ${name}`, at, hint);
      }
      const lowered = this.lower(member.typeId, item, at, depth + 1);
      if (!lowered.ok) return lowered;
      input[name] = lowered.value;
    }
    return ok(input);
  }

  private memberNames(type: BtfType & { kind: 'struct' | 'union' }, depth = 0): string[] {
    return type.members.flatMap(({ name, typeId }) => {
      if (name !== '') return [name];
      const inner = this.btf.resolve(typeId);
      const nested = (inner.kind === 'struct' || inner.kind === 'union') && depth < DEPTH_MAX;
      return nested ? this.memberNames(inner, depth + 1) : [];
    });
  }

  private array(type: BtfArray, value: HookValue, path: string, depth: number): Result<EncodeInput> {
    const elem = this.btf.resolve(type.elemTypeId);
    if (value instanceof Uint8Array) {
      if (elem.kind !== 'int' || elem.size !== 1)
        return fault('bytes are given to an array of something else', path);
      return ok(elem.signed ? Array.from(new Int8Array(value)) : Array.from(value));
    }
    if (typeof value === 'string') {
      const unsignedText = elem.kind === 'int' && elem.size === 1 && elem.name === 'unsigned char';
      if (!unsignedText) return ok(value);
      return ok(toHex(new TextEncoder().encode(value).subarray(0, type.count)));
    }
    if (!Array.isArray(value)) return fault(`${shown(value)} is no array`, path);
    const items: EncodeInput[] = [];
    for (const [i, item] of value.entries()) {
      const lowered = this.lower(type.elemTypeId, item, `${path}[${i}]`, depth + 1);
      if (!lowered.ok) return lowered;
      items.push(lowered.value);
    }
    return ok(items);
  }

  private integer(type: BtfInt, value: HookValue, path: string): Result<EncodeInput> {
    if (value instanceof Pointer) return ok(value.address);
    if (typeof value === 'string') {
      const known = enumerator(this.btf, value);
      return ok(known ?? value);
    }
    const negative = (typeof value === 'number' && value < 0) || (typeof value === 'bigint' && value < 0n);
    if (!type.signed && negative && (typeof value === 'bigint' || Number.isInteger(value)))
      return ok(BigInt.asUintN(8 * type.size, BigInt(value as number | bigint)));
    return scalar(value, path);
  }

  private isAddressType(typeId: number): boolean {
    for (let id = typeId; ; ) {
      const type = this.btf.type(id);
      if (ADDRESS_TYPES.has(type.name)) return true;
      if (type.kind === 'array') return this.btf.sizeOf(id) === 16 || this.btf.sizeOf(id) === 4;
      if (!('typeId' in type) || type.kind === 'ptr') return false;
      id = type.typeId;
    }
  }

  /** An internet address for an integer, an array of bytes, or the struct around them. */
  private address(type: BtfType, bytes: Uint8Array, path: string): Result<EncodeInput> {
    const size = this.btf.sizeOf(type.id);
    if (size !== bytes.length) return fault(`an address of ${bytes.length} bytes for ${size} bytes`, path);
    if (type.kind === 'int') return ok(new DataView(bytes.buffer).getUint32(0, true));
    if (type.kind === 'array') {
      const elem = this.btf.resolve(type.elemTypeId);
      if (elem.kind === 'int' && elem.size === 1) return ok(Array.from(bytes));
    }
    if (type.kind === 'struct' && type.name === 'in_addr')
      return ok({ s_addr: new DataView(bytes.buffer).getUint32(0, true) });
    if (type.kind === 'struct' && type.name === 'in6_addr')
      return ok({ in6_u: { u6_addr8: Array.from(bytes) } });
    return fault(`an address is given to ${nameOf(type)}`, path);
  }
}

function scalar(value: HookValue, path: string): Result<EncodeInput> {
  if (value instanceof Pointer) return ok(value.address);
  if (typeof value === 'object' && value !== null) return fault(`${shown(value)} is no plain value`, path);
  return ok(value);
}

function nameOf(type: BtfType): string {
  if (type.kind === 'struct' || type.kind === 'union') return `${type.kind} ${type.name || '<anonymous>'}`;
  return type.name || type.kind;
}

function join(path: string, name: string | undefined): string {
  if (name === undefined || path === '') return name ?? path;
  return name.startsWith('[') ? `${path}${name}` : `${path}.${name}`;
}

function fault(message: string, path: string, hint?: string) {
  return err(diagnostic('kernel-object', message, { where: path || undefined, hint, errno: EINVAL }));
}
