import { diagnostic, err, fromHex, ok, type Result } from '@probed/base';
import { type Btf, type EncodeInput, encodeValue } from '@probed/btf';
import type { BpfMap } from '@probed/maps';
import { mapType } from '@probed/spec';

/** A value for a map: one, or one for each CPU. */
export type ValueInput = { readonly value: EncodeInput } | { readonly values: readonly EncodeInput[] };

/**
 * Bytes of a key: by BTF; without it an integer of the key's size, or hex of all its bytes. `{ "hex": "0a0b" }` gives
 * bytes in any case. Errors: `map-value` and those of `encodeValue`, with the place inside the key.
 */
export function encodeMapKey(map: BpfMap, input: EncodeInput, btf: Btf | undefined): Result<Uint8Array> {
  const { keySize, keyTypeId } = map.info;
  return encode(input, keySize, keyTypeId, btf, 'key');
}

/**
 * Bytes of a value as `updateElem` takes them. Per-CPU maps: of all CPUs, one behind the other; a single value is every
 * CPU's, and CPUs that `values` leaves out get zeros.
 */
export function encodeMapValue(
  map: BpfMap,
  input: ValueInput,
  btf: Btf | undefined,
  cpus: number,
): Result<Uint8Array> {
  const { valueSize, valueTypeId, type } = map.info;
  const perCpu = mapType(type)?.perCpu === true;
  const stride = perCpu ? Math.ceil(valueSize / 8) * 8 : valueSize;
  const count = perCpu ? cpus : 1;
  const bytes = new Uint8Array(stride * count);
  for (let cpu = 0; cpu < count; cpu++) {
    const given = 'values' in input ? (input.values[cpu] ?? null) : input.value;
    const one = encode(given, valueSize, valueTypeId, btf, 'value');
    if (!one.ok) return one;
    bytes.set(one.value, cpu * stride);
  }
  return ok(bytes);
}

function encode(
  input: EncodeInput,
  size: number,
  typeId: number,
  btf: Btf | undefined,
  what: string,
): Result<Uint8Array> {
  const raw = rawHex(input);
  if (raw !== undefined) return sized(hexBytes(raw), size, what, `${size} bytes of hex are wanted`);
  if (btf && typeId !== 0) {
    const bytes = encodeValue(btf, typeId, input);
    if (bytes.ok) return bytes;
    const { where } = bytes.error;
    return err({ ...bytes.error, where: where ? `${what}.${where}` : what });
  }
  if (input === null) return ok(new Uint8Array(size));
  const bytes =
    typeof input === 'string' && !/^-?\d+$/.test(input) ? hexBytes(input) : integerBytes(input, size);
  return sized(
    bytes,
    size,
    what,
    `the object has no BTF for it: ${size} bytes of hex or an integer are wanted`,
  );
}

function sized(
  bytes: Uint8Array | undefined,
  size: number,
  where: string,
  message: string,
): Result<Uint8Array> {
  return bytes?.length === size ? ok(bytes) : err(diagnostic('map-value', message, { where }));
}

/** The text of `{ "hex": "…" }`. */
function rawHex(input: EncodeInput): string | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined;
  const { hex, ...others } = input as Readonly<Record<string, EncodeInput>>;
  return typeof hex === 'string' && Object.keys(others).length === 0 ? hex : undefined;
}

function hexBytes(text: string): Uint8Array | undefined {
  return fromHex(text.replace(/^0x/i, ''));
}

function integerBytes(input: EncodeInput, size: number): Uint8Array | undefined {
  const whole = typeof input === 'bigint' || Number.isInteger(input) || typeof input === 'string';
  if (!whole || size > 8) return undefined;
  const value = BigInt(input as string | number | bigint);
  if (value >= 1n << BigInt(8 * size) || value < -(1n << BigInt(8 * size - 1))) return undefined;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes.subarray(0, size);
}
