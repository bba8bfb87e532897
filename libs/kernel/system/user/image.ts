import type { UsdtSite } from '@probed/hooks';

/** One function of an executable or library. */
export interface ImageSymbol {
  readonly name: string;
  readonly address: number;
  readonly size: number;
}

/** What an emulated executable or library consists of. */
export interface ImageSpec {
  /** Path under which it is known to uprobes. */
  readonly path: string;
  /** Other paths of the same file: symbolic links and what loaders call it. */
  readonly aliases?: readonly string[];
  /** Functions in order of address; those that the program calls by name must be here. */
  readonly symbols: readonly string[];
  /** Outermost functions of every stack, e.g. `_start`, `main`. */
  readonly entry?: readonly string[];
  readonly textBytes?: number;
  /** USDT probes: places in its functions where its source has a DTRACE_PROBE. */
  readonly probes?: readonly ImageProbe[];
}

/** A USDT probe of an image, as `.note.stapsdt` describes it. */
export interface ImageProbe {
  readonly provider: string;
  readonly name: string;
  /** The function that it is in, one of the image's symbols. */
  readonly inside: string;
  /** Where its arguments are, e.g. `8@%rdi -4@%esi`. */
  readonly args: string;
  /** No emulated program passes it. */
  readonly inert?: boolean;
}

/** Bytes that each function takes: enough for return addresses inside it. */
const SYMBOL_BYTES = 0x180;
const FIRST_SYMBOL = 0x1100;
const DATA_BYTES = 0x4000;
/** Where in its function the first probe's nop is, and how far from it the next one. */
const FIRST_PROBE = 0x42;
const PROBE_STEP = 0x13;

/** An executable or library at its load address, which is one for the whole boot. */
export class UserImage {
  readonly symbols: readonly ImageSymbol[];
  readonly entryFrames: readonly number[];
  readonly textBytes: number;
  readonly dataBytes = DATA_BYTES;
  readonly path: string;
  readonly probes: readonly UsdtSite[];
  private readonly byName = new Map<string, ImageSymbol>();

  constructor(
    spec: ImageSpec,
    readonly base: number,
  ) {
    this.path = spec.path;
    this.symbols = spec.symbols.map((name, i) => ({
      name,
      address: base + FIRST_SYMBOL + i * SYMBOL_BYTES,
      size: SYMBOL_BYTES,
    }));
    for (const symbol of this.symbols) this.byName.set(symbol.name, symbol);
    const needed = FIRST_SYMBOL + this.symbols.length * SYMBOL_BYTES;
    this.textBytes = Math.ceil(Math.max(needed, spec.textBytes ?? 0) / 4096) * 4096;
    this.probes = (spec.probes ?? []).map((probe, i) => this.probeSite(probe, i));
    this.entryFrames = (spec.entry ?? []).flatMap((name) => this.returnAddress(name) ?? []);
  }

  /** Where a probe's nop is. */
  probe(name: string): UsdtSite | undefined {
    return this.probes.find((site) => site.name === name);
  }

  private probeSite({ provider, name, inside, args, inert }: ImageProbe, index: number): UsdtSite {
    const symbol = this.byName.get(inside);
    if (!symbol) throw new Error(`invariant broken: ${this.path} has no function ${inside}`);
    const address = symbol.address + FIRST_PROBE + (index % 16) * PROBE_STEP;
    return { provider, name, args, address, live: inert !== true };
  }

  address(name: string): number | undefined {
    return this.byName.get(name)?.address;
  }

  /** A place inside a function, as a stack walk finds it; the same each time. */
  returnAddress(name: string): number | undefined {
    const symbol = this.byName.get(name);
    return symbol && symbol.address + 0x1d + (name.length % 16) * 0x11;
  }

  lookup(address: number): { name: string; offset: number } | undefined {
    const index = Math.floor((address - this.base - FIRST_SYMBOL) / SYMBOL_BYTES);
    const symbol = this.symbols[index];
    return symbol && { name: symbol.name, offset: address - symbol.address };
  }
}
