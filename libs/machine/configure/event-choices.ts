import { diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import { namedEventType, type ObjectSpec } from '@probed/object';
import type { EventChoice } from '../typed/record-decoder';
import { objectsWithMap } from './maps';

const ENOENT = 2;

/** Which choices concern which object; each must concern one at least. Errors: `no-such-map`, `event-type`. */
export function eventChoices(
  objects: readonly ObjectSpec[],
  choices: readonly EventChoice[],
): Result<ReadonlyMap<ObjectSpec, readonly EventChoice[]>> {
  const byObject = new Map<ObjectSpec, EventChoice[]>(objects.map((object) => [object, []]));
  for (const choice of choices) {
    const { map, struct } = choice;
    const withMap = map === undefined ? ok(objects) : objectsWithMap(objects, map);
    if (!withMap.ok) return withMap;
    const having = withMap.value.filter((object) => namedEventType(object, struct));
    if (having.length === 0) {
      const where = withMap.value.map((object) => object.name).join(', ');
      const hint = suggestion(struct.replace(/^(struct|union) /, ''), withMap.value.flatMap(structNames));
      const message = `no struct ${struct} in the object's types`;
      return err(diagnostic('event-type', message, { where, errno: ENOENT, hint }));
    }
    for (const object of having) byObject.get(object)!.push(choice);
  }
  return ok(byObject);
}

function structNames({ btf }: ObjectSpec): string[] {
  if (!btf) return [];
  const names = (['struct', 'typedef'] as const).flatMap((kind) =>
    [...btf.idsOfKind(kind)].map((id) => btf.type(id).name),
  );
  return names.filter((name) => name !== '' && !name.startsWith('__'));
}
