/**
 * What every other lib stands on: results and diagnostics, assertions, a bounded byte cursor,
 * 64-bit words as JS numbers, injected time and chance, and the names nearest to a mistyped one.
 */
export { assert, unreachable } from './assert';
export { ByteReader, TruncatedError } from './byte-reader';
export { ByteWriter } from './byte-writer';
export { type Clock, ManualClock } from './clock';
export { fromHex, toHex } from './hex';
export { Prng } from './prng';
export { type Diagnostic, diagnostic, err, formatDiagnostic, ok, type Result } from './result';
export { nearest, suggestion } from './suggest';
export { hi32, joinI64, joinU64, lo32, readI64, readU64, type Word, writeI64 } from './u64';
