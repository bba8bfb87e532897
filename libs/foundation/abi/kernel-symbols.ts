import { hi32, joinI64, lo32 } from '@probed/base';

/** A symbol found by address. */
export interface SymbolHit {
  readonly name: string;
  /** Bytes from the symbol's start. */
  readonly offset: number;
  /** Bytes to the next symbol: how `/proc/kallsyms` readers and `%pS` size it. */
  readonly size: number;
}

/**
 * The packed form, little-endian: `KSYM`, u32 count, u32 bytes of addresses, u64 base address; then `count` type
 * letters (`T`, `t`, `W`, `D`, …), addresses in ascending order as LEB128 steps from the base, names each ended by
 * NUL. Canonical source: `/proc/kallsyms`.
 */
const HEADER_BYTES = 20;
const MAGIC = 0x4d59534b;

/** Size of a function that {@link KernelSymbols.withFunctions} adds. */
const ADDED_BYTES = 16;

interface SymbolColumns {
  readonly base: number;
  readonly steps: Uint32Array;
  readonly types: Uint8Array;
  readonly names: Uint8Array;
}

/**
 * Kernel symbols by name and by address. Addresses are signed words (see base/u64), so `0xffffffff81000000` is a
 * small negative number. Nothing but the address column is decoded until asked for.
 */
export class KernelSymbols {
  /** Number of symbols; one name may occur several times (static functions). */
  readonly count: number;
  private readonly base: number;
  /** Distance from the base in bytes, ascending. */
  private readonly steps: Uint32Array;
  private readonly types: Uint8Array;
  private readonly names: Uint8Array;
  private nameStarts?: Uint32Array;
  /** Open addressing: index + 1 of a symbol, 0 when empty; equal names in order of address. */
  private table?: Uint32Array;

  /**
   * @param symbols the packed form, or its columns
   * @throws when the bytes are not the packed form: they come from our own tool
   */
  constructor(symbols: Uint8Array | SymbolColumns) {
    const columns = symbols instanceof Uint8Array ? unpack(symbols) : symbols;
    this.count = columns.steps.length;
    this.base = columns.base;
    this.steps = columns.steps;
    this.types = columns.types;
    this.names = columns.names;
  }

  /** These symbols and behind them functions (`t`) of their own pages. */
  withFunctions(added: readonly string[]): KernelSymbols {
    const { base, count } = this;
    const start = count > 0 ? ((this.steps[count - 1] >>> 12) + 1) * 4096 : 0;
    const names = Uint8Array.from(added.map((name) => `${name}\0`).join(''), (char) => char.charCodeAt(0));
    return new KernelSymbols({
      base,
      steps: concatenated(
        Uint32Array,
        this.steps,
        Uint32Array.from(added, (_, i) => start + i * ADDED_BYTES),
      ),
      types: concatenated(Uint8Array, this.types, new Uint8Array(added.length).fill('t'.charCodeAt(0))),
      names: concatenated(Uint8Array, this.names, names),
    });
  }

  /** Address of a symbol, the lowest one when several share the name; undefined when there is none. */
  address(name: string): number | undefined {
    const index = this.find(name);
    return index < 0 ? undefined : this.base + this.steps[index];
  }

  has(name: string): boolean {
    return this.find(name) >= 0;
  }

  /** How many symbols share a name: a kprobe by name needs exactly 1 (`trace_kprobe.c: number_of_same_symbols`). */
  occurrences(name: string): number {
    const table = this.hashed();
    const mask = table.length - 1;
    let n = 0;
    for (let slot = hashName(name) & mask; table[slot]; slot = (slot + 1) & mask)
      if (this.nameEquals(table[slot] - 1, name)) n++;
    return n;
  }

  /** `T` global text, `t` static text, `W` weak, `D`/`d` data, `R`/`r` read-only, `B`/`b` bss; undefined: no symbol. */
  type(name: string): string | undefined {
    const index = this.find(name);
    return index < 0 ? undefined : String.fromCharCode(this.types[index]);
  }

  /** The symbol that covers an address (a signed word); undefined below the first or after the last one's page. */
  lookup(address: number): SymbolHit | undefined {
    const step = address - this.base;
    if (!(step >= 0 && step < 0x1_0000_0000)) return undefined;
    const last = this.lastAtOrBelow(step);
    if (last < 0) return undefined;
    // Several names may share an address; the first one in the table is what the kernel prints.
    let first = last;
    while (first > 0 && this.steps[first - 1] === this.steps[last]) first--;
    const end = last + 1 < this.count ? this.steps[last + 1] : ((this.steps[last] >>> 12) + 1) * 4096;
    if (step >= end) return undefined;
    return { name: this.nameAt(first), offset: step - this.steps[first], size: end - this.steps[first] };
  }

  /** Names in order of address; a name shared by several symbols comes several times. */
  *iterateNames(): Generator<string> {
    for (let i = 0; i < this.count; i++) yield this.nameAt(i);
  }

  /** All rows in order of address, as `/proc/kallsyms` lists them. */
  *entries(): Generator<{ readonly name: string; readonly type: string; readonly address: number }> {
    for (let i = 0; i < this.count; i++) {
      const type = String.fromCharCode(this.types[i]);
      yield { name: this.nameAt(i), type, address: this.base + this.steps[i] };
    }
  }

  private lastAtOrBelow(step: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.steps[middle] <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private find(name: string): number {
    const table = this.hashed();
    const mask = table.length - 1;
    for (let slot = hashName(name) & mask; table[slot]; slot = (slot + 1) & mask)
      if (this.nameEquals(table[slot] - 1, name)) return table[slot] - 1;
    return -1;
  }

  private starts(): Uint32Array {
    if (this.nameStarts) return this.nameStarts;
    const { names, count } = this;
    const starts = new Uint32Array(count + 1);
    let next = 1;
    for (let at = 0; at < names.length && next <= count; at++) if (names[at] === 0) starts[next++] = at + 1;
    this.nameStarts = starts;
    return starts;
  }

  private hashed(): Uint32Array {
    if (this.table) return this.table;
    const { names, count } = this;
    const starts = this.starts();
    let slots = 1024;
    while (slots < count * 2) slots *= 2;
    const table = new Uint32Array(slots);
    for (let i = 0; i < count; i++) {
      const end = starts[i + 1] - 1;
      let hash = FNV_BASIS;
      for (let at = starts[i]; at < end; at++) hash = Math.imul(hash ^ names[at], FNV_PRIME);
      let slot = mix(hash) & (slots - 1);
      while (table[slot]) slot = (slot + 1) & (slots - 1);
      table[slot] = i + 1;
    }
    this.table = table;
    return table;
  }

  private nameEquals(index: number, name: string): boolean {
    const starts = this.starts();
    const start = starts[index];
    if (starts[index + 1] - 1 - start !== name.length) return false;
    for (let i = 0; i < name.length; i++) if (this.names[start + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  private nameAt(index: number): string {
    const starts = this.starts();
    let text = '';
    for (let at = starts[index]; at < starts[index + 1] - 1; at++)
      text += String.fromCharCode(this.names[at]);
    return text;
  }
}

const FNV_BASIS = 0x811c_9dc5;
const FNV_PRIME = 0x0100_0193;

function hashName(name: string): number {
  let hash = FNV_BASIS;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ (name.charCodeAt(i) & 0xff), FNV_PRIME);
  return mix(hash);
}

/** FNV's low bits alone cluster in a linear-probing table. */
function mix(hash: number): number {
  return (hash ^ (hash >>> 15)) >>> 0;
}

function unpack(packed: Uint8Array): SymbolColumns {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (packed.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC)
    throw new Error('kernel symbols: not the packed form that tools/reference writes');
  const count = view.getUint32(4, true);
  const addressStart = HEADER_BYTES + count;
  const addressEnd = addressStart + view.getUint32(8, true);
  return {
    base: joinI64(view.getUint32(12, true), view.getInt32(16, true)),
    types: packed.subarray(HEADER_BYTES, addressStart),
    steps: decodeSteps(packed.subarray(addressStart, addressEnd), count),
    names: packed.subarray(addressEnd),
  };
}

function concatenated<T extends Uint8Array | Uint32Array>(make: new (length: number) => T, a: T, b: T): T {
  const all = new make(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function decodeSteps(bytes: Uint8Array, count: number): Uint32Array {
  const steps = new Uint32Array(count);
  let at = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let shift = 0;
    let delta = 0;
    let byte = 0x80;
    while (byte & 0x80) {
      byte = bytes[at++];
      delta += (byte & 0x7f) * 2 ** shift;
      shift += 7;
    }
    sum += delta;
    steps[i] = sum;
  }
  return steps;
}

/** `0xffffffff81…` as kallsyms prints an address: 16 hex digits. */
export function formatKernelAddress(address: number): string {
  const high = (hi32(address) >>> 0).toString(16).padStart(8, '0');
  return high + lo32(address).toString(16).padStart(8, '0');
}
