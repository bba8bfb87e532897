import { diagnostic, err, ok, type Result } from '@probed/base';
import type { Btf, EncodeInput } from '@probed/btf';
import { encodeMapKey, encodeMapValue } from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import { errnoText } from '../output/fault-text';
import { parseJson } from './json-reader';
import { readInputFile } from './read-file';

/** One entry to put into a map, as the file has it. */
export interface InitEntry {
  readonly key: EncodeInput;
  readonly value?: EncodeInput;
  /** Per-CPU maps: a value for each CPU. */
  readonly values?: readonly EncodeInput[];
}

/** Entries by map name. */
export type MapInit = ReadonlyMap<string, readonly InitEntry[]>;

type Members = Readonly<Record<string, EncodeInput>>;

function isMembers(value: EncodeInput | undefined): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads `{"map": [{"key": …, "value": …}, …]}` or `{"map": {"key": value, …}}`. Errors: `json-malformed` with the line,
 * `map-init` for another shape.
 */
export function readMapInitFile(path: string): Result<MapInit> {
  const file = readInputFile(path);
  if (!file.ok) return file;
  const parsed = parseJson(new TextDecoder().decode(file.value), path);
  if (!parsed.ok) return parsed;
  if (!isMembers(parsed.value)) return fault(path, 'an object of maps is wanted');
  const init = new Map<string, InitEntry[]>();
  for (const [map, content] of Object.entries(parsed.value)) {
    const entries = entriesOf(content);
    if (!entries)
      return fault(`${path}: ${map}`, 'entries are wanted, each with "key" and "value" (or "values")');
    init.set(map, entries);
  }
  return ok(init);
}

function fault(where: string, message: string): Result<never> {
  const hint = 'the form is {"map": [{"key": 1, "value": 2}]} or {"map": {"1": 2}}';
  return err(diagnostic('map-init', message, { where, hint }));
}

function entriesOf(content: EncodeInput): InitEntry[] | undefined {
  if (isMembers(content)) return Object.entries(content).map(([key, value]) => ({ key, value }));
  if (!Array.isArray(content)) return undefined;
  const entries: InitEntry[] = [];
  for (const item of content as readonly EncodeInput[]) {
    if (!isMembers(item) || item['key'] === undefined) return undefined;
    const { key, value, values } = item;
    if (value === undefined && !Array.isArray(values)) return undefined;
    entries.push({ key, value, values: Array.isArray(values) ? values : undefined });
  }
  return entries;
}

/** Puts entries into a map as user space does. Errors: `map-init` with map and position of the entry. */
export function initMap(
  map: BpfMap,
  entries: readonly InitEntry[],
  btf: Btf | undefined,
  cpus: number,
): Result<undefined> {
  for (const [i, entry] of entries.entries()) {
    const where = `map ${map.info.name}, entry ${i + 1}`;
    const bytes = entryBytes(map, entry, btf, cpus);
    if (!bytes.ok) {
      const inner = bytes.error.where ? `${where}, ${bytes.error.where}` : where;
      return err({ ...bytes.error, where: inner });
    }
    const result = map.updateElem(bytes.value.key, bytes.value.value, 0);
    if (result < 0) {
      const message = `the kernel refuses the entry (${errnoText(result)})`;
      return err(diagnostic('map-init', message, { where, errno: -result }));
    }
  }
  return ok(undefined);
}

function entryBytes(
  map: BpfMap,
  { key, value, values }: InitEntry,
  btf: Btf | undefined,
  cpus: number,
): Result<{ key: Uint8Array; value: Uint8Array }> {
  const keyBytes = encodeMapKey(map, key, btf);
  if (!keyBytes.ok) return keyBytes;
  const bytes = encodeMapValue(map, values ? { values } : { value: value ?? null }, btf, cpus);
  return bytes.ok ? ok({ key: keyBytes.value, value: bytes.value }) : bytes;
}
