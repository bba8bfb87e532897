import type { VerifierEnv } from '../env';
import { FIELD_KINDS, type FieldKind } from '../records/field-kinds';
import { typesOfMap } from '../records/of-register';
import { isConst } from '../scalar';

/** A timer or the like must be the field of that kind in a map's value (`check_map_field_pointer`). */
export function checkMapFieldPointer(env: VerifierEnv, regno: number, kind: FieldKind): void {
  const reg = env.curRegs[regno];
  const { map } = reg;
  const struct = FIELD_KINDS[kind].name;
  if (!isConst(reg.v)) {
    env.reject(
      'EINVAL',
      `R${regno} doesn't have constant offset. ${struct} has to be at the constant offset`,
    );
  }
  if (!map) throw new Error(`a ${struct} argument without a map`);
  const name = map.name.slice(0, 15);
  const { hasBtf, record } = typesOfMap(env, map);
  if (!hasBtf) env.reject('EINVAL', `map '${name}' has to have BTF in order to use ${struct}`);
  if (!record?.has(kind)) env.reject('EINVAL', `map '${name}' has no valid ${struct}`);
  checkFieldOffset(env, regno, kind, record.offsetOf(kind));
}

/** The pointer is at the field's place. */
export function checkFieldOffset(env: VerifierEnv, regno: number, kind: FieldKind, place: number): void {
  const reg = env.curRegs[regno];
  const at = BigInt.asIntN(64, reg.v.value + BigInt(reg.off));
  if (at === BigInt(place)) return;
  const struct = FIELD_KINDS[kind].name;
  env.reject('EINVAL', `off ${at} doesn't point to 'struct ${struct}' that is at ${place}`);
}
