import type { VerifierEnv } from '../env';
import { isConst, tnumString } from '../scalar';
import type { RegState } from '../state/reg-state';
import { baseType, MEM_RDONLY, RegBase } from '../state/reg-type';

/**
 * `__check_buffer_access`: a buffer whose size is only known when the program is attached; its offset must be fixed.
 * How far programs reach is noted, so that the attachment can check it.
 * @param name of the kind of buffer, for the message
 */
export function checkBufferAccess(
  env: VerifierEnv,
  reg: RegState,
  regno: number,
  off: number,
  size: number,
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
  const kind = (reg.type & MEM_RDONLY) !== 0 ? 'rdonly' : 'rdwr';
  if (baseType(reg.type) === RegBase.PTR_TO_BUF) {
    env.bufferBytes[kind] = Math.max(env.bufferBytes[kind], off + size);
  }
}
