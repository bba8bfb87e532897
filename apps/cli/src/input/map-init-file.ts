import { diagnostic, err, fromHex, ok, type Result } from '@probed/base';
import { type Btf, type EncodeInput, encodeValue } from '@probed/btf';
import type { BpfMap } from '@probed/maps';
import { mapType } from '@probed/spec';
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
  entry: InitEntry,
  btf: Btf | undefined,
  cpus: number,
): Result<{ key: Uint8Array; value: Uint8Array }> {
  const { keySize, valueSize, keyTypeId, valueTypeId, type } = map.info;
  const key = encode(entry.key, keySize, keyTypeId, btf, 'key');
  if (!key.ok) return key;
  const perCpu = mapType(type)?.perCpu === true;
  const stride = perCpu ? Math.ceil(valueSize / 8) * 8 : valueSize;
  const count = perCpu ? cpus : 1;
  const value = new Uint8Array(stride * count);
  for (let cpu = 0; cpu < count; cpu++) {
    const given = entry.values ? entry.values[cpu] : entry.value;
    const one = encode(given ?? null, valueSize, valueTypeId, btf, 'value');
    if (!one.ok) return one;
    value.set(one.value, cpu * stride);
  }
  return ok({ key: key.value, value });
}

/** By BTF; without it an integer of the field's size, or hex of all its bytes. */
function encode(
  input: EncodeInput,
  size: number,
  typeId: number,
  btf: Btf | undefined,
  what: string,
): Result<Uint8Array> {
  if (btf && typeId !== 0) {
    const bytes = encodeValue(btf, typeId, input);
    if (bytes.ok) return bytes;
    const { where } = bytes.error;
    return err({ ...bytes.error, where: where ? `${what}.${where}` : what });
  }
  if (input === null) return ok(new Uint8Array(size));
  const bytes =
    typeof input === 'string' && !/^-?\d+$/.test(input) ? hexBytes(input) : integerBytes(input, size);
  if (bytes?.length === size) return ok(bytes);
  const message = `the object has no BTF for it: ${size} bytes of hex or an integer are wanted`;
  return err(diagnostic('map-init', message, { where: what }));
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
