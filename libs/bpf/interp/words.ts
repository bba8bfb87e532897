import type { MemBytes } from '@probed/isa';

type Reader = (view: DataView, at: number) => bigint;
type Writer = (view: DataView, at: number, value: bigint) => void;

const READERS: Readonly<Record<MemBytes, Reader>> = {
  1: (view, at) => BigInt(view.getUint8(at)),
  2: (view, at) => BigInt(view.getUint16(at, true)),
  4: (view, at) => BigInt(view.getUint32(at, true)),
  8: (view, at) => view.getBigUint64(at, true),
};

const WRITERS: Readonly<Record<MemBytes, Writer>> = {
  1: (view, at, value) => view.setUint8(at, Number(BigInt.asUintN(8, value))),
  2: (view, at, value) => view.setUint16(at, Number(BigInt.asUintN(16, value)), true),
  4: (view, at, value) => view.setUint32(at, Number(BigInt.asUintN(32, value)), true),
  8: (view, at, value) => view.setBigUint64(at, BigInt.asUintN(64, value), true),
};

/** Little endian, zero-extended. The caller has checked the bounds. */
export function readUint(view: DataView, at: number, bytes: MemBytes): bigint {
  return READERS[bytes](view, at);
}

/** The low bytes of a value, little endian. The caller has checked the bounds. */
export function writeUint(view: DataView, at: number, bytes: MemBytes, value: bigint): void {
  WRITERS[bytes](view, at, value);
}
