import { MapType } from '@probed/spec';
import type { VerifierEnv } from '../env';
import { checkMapAccess, frozenContents } from '../memory/region';
import { isConst } from '../scalar';

/** A format string: constant, in a read-only map, NUL-terminated (`check_reg_const_str`). */
export function checkConstStr(env: VerifierEnv, regno: number): void {
  const reg = env.curRegs[regno];
  const { map } = reg;
  const contents = map && frozenContents(map);
  if (!map || !contents) env.reject('EACCES', `R${regno} does not point to a readonly map'`);
  if (!isConst(reg.v)) env.reject('EACCES', `R${regno} is not a constant address'`);
  if (map.type !== MapType.ARRAY) env.reject('EACCES', 'no direct value access support for this map type');
  checkMapAccess(env, regno, reg.off, map.valueSize - reg.off, false, true);
  if (contents.indexOf(0, reg.off + Number(reg.v.smin)) < 0)
    env.reject('EINVAL', 'string is not zero-terminated');
}

/** The string itself, once {@link checkConstStr} found it in order. */
export function constStr(env: VerifierEnv, regno: number): string {
  const reg = env.curRegs[regno];
  const contents = (reg.map && frozenContents(reg.map)) ?? new Uint8Array();
  const from = reg.off + Number(reg.v.smin);
  return String.fromCharCode(...contents.subarray(from, contents.indexOf(0, from)));
}
