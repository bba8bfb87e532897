import { diagnostic, err } from '@probed/base';
import type { Btf } from '@probed/btf';
import { type HookValue, ObjectEncoder } from '@probed/machine';
import { fail, unwrap } from '../errors';
import { type Decoder, decoderOf } from './decode';
import type { Value } from './value';

/** Values of one type to bytes and back. */
export interface Codec {
  /** @param into bytes to start from (not changed); zeros by default. @throws ProbedError */
  encode(value: unknown, into?: Uint8Array): Uint8Array;
  decode(bytes: Uint8Array): Value;
}

const EINVAL = 22;

/**
 * By BTF; without it, integers of 1, 2, 4 and 8 bytes are unsigned, and everything else is bytes. A `Uint8Array` of
 * the right size is always taken as it is.
 * @param what for messages, e.g. `map counts: key`
 */
export function codecOf(btf: Btf | undefined, typeId: number, size: number, what: string): Codec {
  const typed = btf && typeId !== 0 ? typedCodec(btf, typeId, what) : untypedCodec(size, what);
  return {
    encode: (value, into) => (isBytes(value, size) ? value.slice() : typed.encode(value, into)),
    decode: (bytes) => typed.decode(bytes),
  };
}

function typedCodec(btf: Btf, typeId: number, what: string): Codec {
  const encoder = new ObjectEncoder(btf, () =>
    err(
      diagnostic('value-encode', 'text and objects are not pointed to from here', {
        errno: EINVAL,
        hint: 'give an address: machine.struct(…).address',
      }),
    ),
  );
  let decode: Decoder | undefined;
  return {
    encode(value, into) {
      const bytes = encoder.encode(typeId, value as HookValue, into);
      if (bytes.ok) return bytes.value;
      const { where } = bytes.error;
      const path = where?.startsWith('[') ? where : where && `.${where}`;
      return unwrap(err({ ...bytes.error, code: 'value-encode', where: `${what}${path ?? ''}` }));
    },
    decode(bytes) {
      decode ??= decoderOf(btf, typeId);
      return decode(bytes);
    },
  };
}

function untypedCodec(size: number, what: string): Codec {
  const isInteger = size === 1 || size === 2 || size === 4 || size === 8;
  return {
    encode(value) {
      const bytes = isInteger ? integerBytes(value, size) : undefined;
      if (bytes) return bytes;
      const hint = isInteger ? `an integer of ${8 * size} bits, or ${size} bytes` : `${size} bytes`;
      return fail('value-encode', 'the object has no BTF for it', { where: what, errno: EINVAL, hint });
    },
    decode(bytes) {
      if (!isInteger) return bytes.slice();
      const raw = bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
      return size === 8 ? raw : Number(raw);
    },
  };
}

function integerBytes(value: unknown, size: number): Uint8Array | undefined {
  const whole = typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));
  if (!whole) return undefined;
  const word = BigInt(value as number | bigint);
  const bits = 8 * size;
  if (word >= 1n << BigInt(bits) || word < -(1n << BigInt(bits - 1))) return undefined;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, word), true);
  return bytes.slice(0, size);
}

/** Also true of bytes that another realm made, as Jest's sandbox does. */
export function isBytes(value: unknown, size?: number): value is Uint8Array {
  const bytes = ArrayBuffer.isView(value) && Object.prototype.toString.call(value) === '[object Uint8Array]';
  return bytes && (size === undefined || (value as Uint8Array).length === size);
}
