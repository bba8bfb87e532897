import { CAP } from '@probed/abi';
import { fromHex } from '@probed/base';

/** A case that says something which can't be. Ends the case, not the batch. */
export class CaseError extends Error {}

/** Members of a JSON object, checked one by one as they are asked for. */
export class CaseFields {
  private constructor(
    private readonly members: Readonly<Record<string, unknown>>,
    private readonly where: string,
  ) {}

  /** @throws CaseError for anything but an object, or with members that are not in `known` */
  static of(value: unknown, where: string, known: readonly string[]): CaseFields {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new CaseError(`${where || 'the line'} is no JSON object`);
    const members = value as Record<string, unknown>;
    const stray = Object.keys(members).find((name) => !known.includes(name));
    if (stray !== undefined)
      throw new CaseError(`${where}unknown member ${JSON.stringify(stray).slice(0, 60)}`);
    return new CaseFields(members, where);
  }

  has(name: string): boolean {
    return this.members[name] !== undefined && this.members[name] !== null;
  }

  /** An unsigned 32-bit number, or text of one (`0x…`). */
  number(name: string, missing = 0): number {
    const value = this.members[name];
    if (value === undefined || value === null) return missing;
    const number = typeof value === 'string' && value !== '' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < 0 || number > 0xffff_ffff)
      return this.fail(name, 'an unsigned 32-bit number');
    return number;
  }

  text(name: string, missing: string): string {
    const value = this.members[name] ?? missing;
    return typeof value === 'string' ? value : this.fail(name, 'a string');
  }

  /** Bytes in hex, undefined when the member is not there. */
  bytes(name: string): Uint8Array | undefined {
    const value = this.members[name];
    if (value === undefined || value === null) return undefined;
    const bytes = typeof value === 'string' ? fromHex(value) : undefined;
    return bytes ?? this.fail(name, 'hex, two digits a byte');
  }

  flag(name: string): boolean {
    const value = this.members[name] ?? false;
    return typeof value === 'boolean' ? value : this.fail(name, 'true or false');
  }

  list(name: string): readonly unknown[] {
    const value = this.members[name] ?? [];
    return Array.isArray(value) ? value : this.fail(name, 'a list');
  }

  /** The number of an enumerator, by its number or its name in a table. */
  enumerator(name: string, find: (text: string) => number | undefined, what: string): number {
    const value = this.members[name];
    if (typeof value !== 'string') return this.number(name);
    return find(value) ?? this.fail(name, `${what} or its number`);
  }

  /** Capabilities of the loader, e.g. `bpf`; undefined for all of them. */
  capabilities(name: string): ReadonlySet<string> | undefined {
    if (!this.has(name)) return undefined;
    const names = this.list(name).map((cap) => String(cap).toUpperCase().replace(/^CAP_/, ''));
    const wrong = names.find((cap) => !(cap in CAP));
    return wrong === undefined
      ? new Set(names.map((cap) => `CAP_${cap}`))
      : this.fail(name, 'names of capabilities such as bpf');
  }

  private fail(name: string, wanted: string): never {
    throw new CaseError(`${this.where}${name}: ${wanted} is wanted`);
  }
}
