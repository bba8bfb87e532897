/**
 * What we find in object files against what libbpf finds: the same programs with the same types, the same maps, in the
 * same order. The objects of `examples/`, of the libs' fixtures, and of the folders that `PROBED_DIFFERENTIAL_OBJECTS`
 * names (separated by `:`). Needs no root and no bpf(2); without a C compiler and libbpf it says so and passes.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseObject } from '@probed/object';
import { MapType, parseSectionName, SECTION_DEFS } from '@probed/spec';
import { objectFiles } from './object-files';
import { type OpenedObject, openOnHost, withLibbpf } from './opened-objects';

const LIBS = join(__dirname, '../../libs');

function fixtures(): string[] {
  return readdirSync(LIBS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.bpf.o'))
    .map((name) => join(LIBS, name));
}

/** libbpf before 1.2 has no maps for `.struct_ops.link`. */
const isStructOps = (map: string) => Number(map.split(' ')[1]) === MapType.STRUCT_OPS;

/** A program's line; what an older libbpf than ours knows no type of says nothing of ours. */
function sameProgram(ours: string, theirs: string): boolean {
  const [name, section, type] = theirs.split(' ');
  return ours === theirs || (type === '0' && ours.startsWith(`${name} ${section} `));
}

function disagreement({ file, programs, maps }: OpenedObject): string | undefined {
  const object = parseObject(readFileSync(file), file);
  if (!object.ok) return `${file}: ${object.error.message}`;
  const ourPrograms = object.value.programs.map((p) =>
    [p.name, p.section, p.type, p.expectedAttachType].join(' '),
  );
  const ourMaps = object.value.maps
    .map((m) => [m.name, m.type, m.keySize, m.valueSize, m.maxEntries, m.flags].join(' '))
    .filter((map) => !isStructOps(map));
  const theirMaps = maps.filter((map) => !isStructOps(map));
  const same =
    ourPrograms.length === programs.length &&
    ourPrograms.every((line, i) => sameProgram(line, programs[i])) &&
    ourMaps.join('\n') === theirMaps.join('\n');
  if (same) return undefined;
  return [file, 'libbpf:', ...programs, ...theirMaps, 'ours:', ...ourPrograms, ...ourMaps].join('\n  ');
}

test('programs and maps of an object are those that libbpf finds', () => {
  const opened = openOnHost([...objectFiles(), ...fixtures()]);
  if (typeof opened === 'string') {
    console.log(`skipped: ${opened}`);
    return;
  }
  // libbpf of today refuses `maps` sections; those have tests of their own.
  const objects = opened.filter(({ errno }) => errno === 0);
  expect(objects.length).toBeGreaterThan(10);
  const wrong = objects.flatMap((object) => disagreement(object) ?? []);
  expect(wrong.join('\n\n')).toBe('');
  process.stdout.write(
    `opened objects: ${objects.length} the same, ${opened.length - objects.length} not opened\n`,
  );
});

/** Endings that make a name match a row, or just miss it. */
const ENDINGS = ['', '/', '/x', '/x/y', '_x', 'x', '.s', '.s/x'];

test('section names mean what they mean to libbpf', () => {
  const names = [...new Set(SECTION_DEFS.flatMap(({ name }) => ENDINGS.map((ending) => name + ending)))];
  const read = withLibbpf((run) => run(['-n', ...names]).filter(([kind]) => kind === 'S'));
  if (typeof read === 'string') {
    console.log(`skipped: ${read}`);
    return;
  }
  expect(read).toHaveLength(names.length);
  for (const [, name, errno, type, attachType] of read) {
    const ours = parseSectionName(name);
    // What an older libbpf than ours does not know says nothing.
    if (errno !== '0') continue;
    expect([name, ours.ok && ours.value.type, ours.ok && ours.value.expectedAttachType]).toEqual([
      name,
      Number(type),
      Number(attachType),
    ]);
  }
});
