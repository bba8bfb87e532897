import type { EncodeInput } from '@probed/btf';
import type { EventChoice } from '@probed/machine';
import {
  findMap,
  listVariables,
  namedEventType,
  type ObjectSpec,
  resizeMap,
  setVariable,
} from '@probed/object';
import { CommandError, fail } from '../errors';
import { parseJson } from '../input/json-reader';
import { suggestion } from '../input/suggest';
import type { Assignment, MapOption } from '../input/values';

/** Leaves out the programs that load only when asked for (`SEC("?…")`), unless `--attach` names them. */
export function withoutOptional(
  object: ObjectSpec,
  targets: readonly Assignment[],
  remarks: string[],
): ObjectSpec {
  const programs = object.programs.flatMap((program) => {
    if (!program.optional) return [program];
    if (targets.some(({ name }) => name === program.name)) return [{ ...program, optional: false }];
    const what = `${object.name}: program ${program.name} (${program.section})`;
    remarks.push(`${what} is optional and left out; --attach loads it`);
    return [];
  });
  return { ...object, programs };
}

/** `--set`: in every object that has the variable; at least one must. */
export function setVariables(objects: readonly ObjectSpec[], assignments: readonly Assignment[]): void {
  for (const { name, value } of assignments) {
    const root = name.split(/[.[]/)[0];
    const having = objects.filter((object) =>
      listVariables(object).some((variable) => variable.name === root),
    );
    if (having.length === 0) fail('variable', `no global variable ${root}`, variableFault(objects, root));
    for (const object of having) {
      const done = setVariable(object, name, assignedValue(value));
      if (!done.ok)
        throw new CommandError({ ...done.error, where: `${object.name}: ${done.error.where ?? name}` });
    }
  }
}

function variableFault(objects: readonly ObjectSpec[], name: string) {
  const where = objects.map((object) => object.name).join(', ');
  const known = objects.flatMap((object) => listVariables(object)).map((variable) => variable.name);
  const hint = objects.some((object) => object.btf)
    ? (suggestion(
        name,
        known.filter((variable) => !variable.includes('__fmt')),
      ) ?? 'the object has none')
    : 'the object has no BTF to find variables by; compile with -g';
  return { where, hint };
}

/** JSON where it looks like it, else the text as it is: the variable's type says what it means. */
function assignedValue(text: string): EncodeInput {
  if (!/^\s*["[{]/.test(text)) return text;
  const parsed = parseJson(text, '--set');
  return parsed.ok ? parsed.value : text;
}

/** `--map NAME:max=N`. */
export function resizeMaps(objects: readonly ObjectSpec[], options: readonly MapOption[]): void {
  for (const { map, maxEntries } of options) {
    const having = objectsWithMap(objects, map);
    for (const object of having) {
      const done = resizeMap(object, map, maxEntries);
      if (!done.ok)
        throw new CommandError({ ...done.error, where: `${object.name}: ${done.error.where ?? map}` });
    }
  }
}

/** The objects that declare a map; at least one. */
export function objectsWithMap(objects: readonly ObjectSpec[], map: string): readonly ObjectSpec[] {
  const having = objects.filter((object) => findMap(object, map));
  if (having.length > 0) return having;
  const names = objects.flatMap((object) =>
    object.maps.filter(({ section }) => section === undefined).map(({ name }) => name),
  );
  const where = objects.map((object) => object.name).join(', ');
  return fail('no-such-map', `no map ${map}`, { where, errno: 2, hint: suggestion(map, names) });
}

/** `--event`: those choices that concern an object; each must concern one at least. */
export function eventChoices(
  objects: readonly ObjectSpec[],
  choices: readonly EventChoice[],
): Map<ObjectSpec, EventChoice[]> {
  const byObject = new Map<ObjectSpec, EventChoice[]>(objects.map((object) => [object, []]));
  for (const choice of choices) {
    const { map, struct } = choice;
    const withMap = map === undefined ? objects : objectsWithMap(objects, map);
    const having = withMap.filter((object) => namedEventType(object, struct));
    if (having.length === 0) {
      const where = withMap.map((object) => object.name).join(', ');
      const hint = suggestion(struct.replace(/^(struct|union) /, ''), withMap.flatMap(structNames));
      fail('event-type', `no struct ${struct} in the object's types`, { where, errno: 2, hint });
    }
    for (const object of having) byObject.get(object)!.push(choice);
  }
  return byObject;
}

function structNames({ btf }: ObjectSpec): string[] {
  if (!btf) return [];
  const names = (['struct', 'typedef'] as const).flatMap((kind) =>
    [...btf.idsOfKind(kind)].map((id) => btf.type(id).name),
  );
  return names.filter((name) => name !== '' && !name.startsWith('__'));
}
