import type { VerifierEnv } from '../env';
import { isConst, tnumString } from '../scalar';
import type { RegState } from '../state/reg-state';

/**
 * `__check_buffer_access`: a buffer whose size is only known when the program is attached; its offset must be fixed.
 * @param name of the kind of buffer, for the message
 */
export function checkBufferAccess(
  env: VerifierEnv,
  reg: RegState,
  regno: number,
  off: number,
  name: string,
): void {
  if (off < 0) {
    env.reject('EACCES', `R${regno} invalid ${name} buffer access: off=${off}, size=${reg.memSize}`);
  }
  if (!isConst(reg.v) || reg.v.value !== 0n) {
    env.reject(
      'EACCES',
      `R${regno} invalid variable buffer offset: off=${off}, var_off=${tnumString(reg.v)}`,
    );
  }
}
