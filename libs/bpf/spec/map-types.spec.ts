import { readFileSync } from 'node:fs';
import { checkMapAttr, loaderDefaults, MAP_TYPES, mapType, mapTypeByName } from './map-types';
import { MapType } from './uapi-enums';

/** `[type, key_size, value_size, max_entries, map_flags, map_extra, errno]` as a 6.18 kernel answered. */
type Measured = [number, number, number, number, number, number, number];
const measured: Measured[] = JSON.parse(readFileSync(`${__dirname}/fixtures/map-create-6.18.json`, 'utf8'));

describe('checkMapAttr', () => {
  test.each([...new Set(measured.map(([type]) => type))])('type %d: as the kernel answers', (wanted) => {
    for (const [type, keySize, valueSize, maxEntries, flags, mapExtra, errno] of measured) {
      if (type !== wanted) continue;
      const fault = checkMapAttr({ type, keySize, valueSize, maxEntries, flags, mapExtra });
      expect({ type, keySize, valueSize, maxEntries, flags, mapExtra, errno: fault?.errno ?? 0 }).toEqual({
        type,
        keySize,
        valueSize,
        maxEntries,
        flags,
        mapExtra,
        errno,
      });
    }
  });

  test('too many entries', () => {
    const attr = { type: MapType.HASH, keySize: 4, valueSize: 8, maxEntries: 2 ** 31, flags: 0 };
    expect(checkMapAttr(attr)).toEqual({
      errno: 7,
      message: 'max_entries 2147483648 needs more buckets than the kernel allows',
    });
    expect(checkMapAttr({ ...attr, maxEntries: 2 ** 27 })).toBeUndefined();
    expect(checkMapAttr({ ...attr, maxEntries: 2 ** 27 + 1 })?.errno).toBe(7);
  });

  test('unsupported types are named', () => {
    const attr = { keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 };
    expect(checkMapAttr({ type: MapType.ARENA, ...attr })).toEqual({
      errno: 22,
      message: 'map type arena is not supported',
    });
    expect(checkMapAttr({ type: 99, ...attr })).toEqual({ errno: 22, message: 'map type 99 is unknown' });
  });
});

test('one row for each type, names as bpftool prints them', () => {
  const all = [...new Set(Object.values(MapType))].filter((type) => type !== MapType.UNSPEC);
  expect(MAP_TYPES.map((row) => row.type)).toEqual(all.sort((a, b) => a - b));
  for (const row of MAP_TYPES) {
    expect(mapType(row.type)).toBe(row);
    expect(mapTypeByName(row.name)).toBe(row);
  }
});

test.each([
  [{ type: MapType.PERF_EVENT_ARRAY, keySize: 0, valueSize: 0, maxEntries: 0 }, [4, 4, 8]],
  [{ type: MapType.RINGBUF, keySize: 0, valueSize: 72, maxEntries: 10_000 }, [0, 0, 16_384]],
  [{ type: MapType.STACK_TRACE, keySize: 4, valueSize: 0, maxEntries: 9 }, [4, 1016, 9]],
  [{ type: MapType.HASH, keySize: 4, valueSize: 0, maxEntries: 0 }, [4, 0, 10_240]],
  [{ type: MapType.PERCPU_ARRAY, keySize: 4, valueSize: 8, maxEntries: 0 }, [4, 8, 8]],
  [{ type: MapType.PROG_ARRAY, keySize: 4, valueSize: 4, maxEntries: 0 }, [4, 4, 0]],
])('loaderDefaults %j', (spec, [keySize, valueSize, maxEntries]) => {
  expect(loaderDefaults({ ...spec, flags: 0 }, 8)).toMatchObject({ keySize, valueSize, maxEntries });
});
