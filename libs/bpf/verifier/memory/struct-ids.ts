import type { Btf } from '@probed/btf';
import type { VerifierEnv } from '../env';
import { btfOf } from '../records/of-register';
import type { RegState } from '../state/reg-state';
import { structsAt } from './btf-walk';

/**
 * `btf_struct_ids_match`: the struct at `off` of a type is the wanted one, itself or as the first part of another.
 * @param strict only the type itself, at offset 0
 * @param note is told what the kernel's log tells of the search
 */
export function structContains(
  btf: Btf,
  typeId: number,
  off: number,
  wanted: number,
  strict: boolean,
  note: (message: string) => void,
): boolean {
  if (off === 0 && sameType(btf, typeId, wanted)) return true;
  if (strict) return false;
  for (const id of structsAt(btf, typeId, off, note)) if (sameType(btf, id, wanted)) return true;
  return false;
}

function sameType(btf: Btf, a: number, b: number): boolean {
  return btf.skipModifiers(a) === btf.skipModifiers(b);
}

/** {@link structContains} for what a register points to, in whichever BTF either type is. */
export function regStructContains(
  env: VerifierEnv,
  reg: RegState,
  wanted: number,
  wantedIsLocal: boolean,
  strict: boolean,
): boolean {
  return (
    reg.isLocalBtf === wantedIsLocal &&
    structContains(btfOf(env, reg), reg.btfId, reg.off, wanted, strict, (text) => env.verbose(`${text}\n`))
  );
}
