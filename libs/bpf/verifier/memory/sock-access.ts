import {
  type ContextView,
  contextAccess,
  SOCK_COMMON_VIEW,
  SOCKET_VIEW,
  TCP_SOCK_COUNTERS,
  TCP_SOCK_VIEW,
  XDP_SOCK_VIEW,
} from '@probed/spec';
import type { VerifierEnv } from '../env';
import { baseType, RegBase, regTypeStr } from '../state/reg-type';

const VIEWS: Readonly<Partial<Record<RegBase, ContextView>>> = {
  [RegBase.PTR_TO_SOCKET]: SOCKET_VIEW,
  [RegBase.PTR_TO_SOCK_COMMON]: SOCK_COMMON_VIEW,
  [RegBase.PTR_TO_TCP_SOCK]: TCP_SOCK_VIEW,
  [RegBase.PTR_TO_XDP_SOCK]: XDP_SOCK_VIEW,
};

/** `check_sock_access`: fields of the socket structs programs see. */
export function checkSockAccess(env: VerifierEnv, regno: number, off: number, size: number): void {
  const reg = env.curRegs[regno];
  if (reg.v.smin < 0n) {
    env.reject(
      'EACCES',
      `R${regno} min value is negative, either use unsigned index or do a if (index >=0) check.`,
    );
  }
  const view = VIEWS[baseType(reg.type)];
  if (view && contextAccess(view, off, size, false)) return;
  const upperHalf = Object.values(TCP_SOCK_COUNTERS).some((counter) => off === counter + 4);
  if (baseType(reg.type) === RegBase.PTR_TO_TCP_SOCK && size === 4 && upperHalf) {
    // Linux lets the access pass and then finds that it can't convert it.
    env.reject('EFAULT', 'verifier bug: error during ctx access conversion (0)');
  }
  env.reject('EACCES', `R${regno} invalid ${regTypeStr(reg.type)} access off=${off} size=${size}`);
}
