import { ByteReader, TruncatedError } from '@probed/base';

/** Distinct names of a real file add up to little more than its string section; suffixes are shared. */
const BUDGET_FACTOR = 4;
const BUDGET_BYTES = 65_536;

/**
 * Names of a string section by offset. A file whose names overlap so that they would add up to far more than the
 * section counts as truncated: decoding it would cost time and memory out of proportion.
 */
export class StringSection {
  private readonly known = new Map<number, string>();
  private readonly reader: ByteReader;
  private budget: number;

  constructor(private readonly bytes: Uint8Array) {
    this.reader = new ByteReader(bytes);
    this.budget = bytes.length * BUDGET_FACTOR + BUDGET_BYTES;
  }

  /** @throws TruncatedError when there is no NUL-ended name at the offset */
  at(offset: number): string {
    if (offset === 0) return '';
    let name = this.known.get(offset);
    if (name === undefined) {
      name = this.reader.cstringAt(offset);
      this.budget -= name.length + 1;
      if (this.budget < 0) throw new TruncatedError(offset, name.length, this.bytes.length);
      this.known.set(offset, name);
    }
    return name;
  }
}
