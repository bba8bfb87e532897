import { ByteWriter } from '@probed/base';
import type { Btf } from './btf';
import { BTF_HEADER_BYTES, BTF_MAGIC, BTF_VERSION } from './kinds';

/** A whole `.BTF` section: `struct btf_header`, types, strings. */
export function encodeSections(types: Uint8Array, strings: Uint8Array): Uint8Array {
  return new ByteWriter(BTF_HEADER_BYTES + types.length + strings.length)
    .u16(BTF_MAGIC)
    .u8(BTF_VERSION)
    .u8(0)
    .u32(BTF_HEADER_BYTES)
    .u32(0)
    .u32(types.length)
    .u32(types.length)
    .u32(strings.length)
    .bytes(types)
    .bytes(strings)
    .finish();
}

/** The bytes that {@link Btf.parse} reads the same types from; of split BTF its own part. */
export function encodeBtf(btf: Btf): Uint8Array {
  const { section, strings, firstId, baseStringBytes } = btf.raw();
  const { words, starts, count } = section;
  const from = firstId < count ? starts[firstId] : words.length;
  const types = new Uint8Array(words.buffer, words.byteOffset + from * 4, (words.length - from) * 4);
  return encodeSections(types, strings.bytes.subarray(baseStringBytes));
}
