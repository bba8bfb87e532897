import { isMembers, isNumeric, memberText } from './value';

export interface Column {
  readonly name: string;
  /** Characters of the widest text so far, header included. */
  readonly width: number;
  /** All values so far were numbers. */
  readonly numeric: boolean;
}

const COLUMNS_MAX = 24;
const WIDTH_MAX = 48;

/**
 * Columns of a table whose rows are decoded values: members of structs, in the order of the first value that has them;
 * plain values make one column, `value`. Columns only grow, so that a live table does not jump.
 */
export class Columns {
  private readonly byName = new Map<string, Column>();
  private listed: readonly Column[] = [];

  /** In order; the same array as long as nothing has changed. */
  get list(): readonly Column[] {
    return this.listed;
  }

  add(value: unknown): void {
    if (value === undefined) return;
    let changed = false;
    if (isMembers(value)) for (const name in value) changed = this.see(name, value[name]) || changed;
    else changed = this.see('value', value);
    if (changed) this.listed = [...this.byName.values()];
  }

  clear(): void {
    this.byName.clear();
    this.listed = [];
  }

  private see(name: string, value: unknown): boolean {
    const known = this.byName.get(name);
    if (!known && this.byName.size >= COLUMNS_MAX) return false;
    const width = Math.min(
      WIDTH_MAX,
      Math.max(known?.width ?? name.length + 1, memberText(name, value).length),
    );
    const numeric = (known?.numeric ?? true) && (isNumeric(value) || value === undefined);
    if (known && known.width === width && known.numeric === numeric) return false;
    this.byName.set(name, { name, width, numeric });
    return true;
  }
}

/** The cell of a column. */
export function cellOf(value: unknown, column: string): unknown {
  return isMembers(value) ? value[column] : column === 'value' ? value : undefined;
}
