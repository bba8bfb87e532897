import type { Kernel } from '../kernel';
import { declared, traced } from './traced';

type Words<A extends unknown[]> = (k: Kernel, ...args: A) => number[];
/** Any of the functions here with a fixed arity, which costs nothing to call. */
type Fixed = (k: Kernel, a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown) => number;

interface SecurityOptions<A extends unknown[]> {
  /** The kernel's function, where it is not `security_` and the hook's name. */
  readonly caller?: string;
  /** Words of the hook, where they are not those of the kernel's function. */
  readonly lsmWords?: Words<A>;
  /** What the modules before BPF say (`security/commoncap.c`); a verdict that is not {@link fallback} is final. */
  readonly before?: (k: Kernel, ...args: A) => number;
  /** `LSM_RET_DEFAULT` (include/linux/lsm_hook_defs.h), 0 for most. */
  readonly fallback?: number;
}

/**
 * A question that the kernel asks its security modules (security/security.c): `security_HOOK`, and behind it
 * `bpf_lsm_HOOK`, where programs of type LSM hang. Both can be probed. A negative verdict is the errno that the caller
 * gives up with.
 */
export function securityHook<A extends unknown[]>(
  hook: string,
  words: Words<A>,
  options: SecurityOptions<A> = {},
): (k: Kernel, ...args: A) => number {
  const { fallback = 0 } = options;
  const before = options.before as unknown as Fixed | undefined;
  const bpf = traced<A>(`bpf_lsm_${hook}`, options.lsmWords ?? words, () => fallback) as unknown as Fixed;
  const isAttached = declared();
  const ask: Fixed = (k, a, b, c, d, e) => {
    const verdict = before ? before(k, a, b, c, d, e) : fallback;
    return verdict === fallback && isAttached(k) ? bpf(k, a, b, c, d, e) : verdict;
  };
  return traced<A>(options.caller ?? `security_${hook}`, words, ask as never);
}
