import type { BtfType } from '@probed/btf';
import type { VerifierEnv } from '../../env';
import type { RegState } from '../../state/reg-state';
import { CAST_KFUNCS } from './casts';
import { DEFERRED_KFUNCS } from './deferred';
import { DYNPTR_KFUNCS } from './dynptr-kfuncs';
import { GRAPH_KFUNCS } from './graph';
import type { KfuncMeta } from './kfunc-meta';
import { OBJECT_KFUNCS } from './objects';
import { RES_LOCK_KFUNCS } from './res-locks';
import { SECTION_KFUNCS } from './sections';
import { THROW_KFUNCS } from './throw';

/**
 * Rules of its own that a kernel function has besides its prototype and flags. All hooks are optional; they run in the
 * order in which they are listed here, and refuse through `env.reject`.
 */
export interface SpecialKfunc {
  /** May be called while a bpf_spin_lock is held (`kfunc_spin_allowed`). */
  readonly spinAllowed?: boolean;
  /** Runs a callback before it returns (`is_sync_callback_calling_kfunc`). */
  readonly syncCallback?: boolean;
  /** Keeps a callback to run later (`is_async_callback_calling_kfunc`). */
  readonly asyncCallback?: boolean;
  /** Packet pointers must be read anew afterwards (`is_kfunc_pkt_changing`). */
  readonly changesPktData?: boolean;
  /** The path ends here (bpf_throw). */
  readonly endsPath?: boolean;
  /** Before the arguments are looked at. */
  before?(env: VerifierEnv, meta: KfuncMeta): void;
  /** After the arguments, while R1–R5 still hold them: callbacks, sections, locks. */
  afterArgs?(env: VerifierEnv, meta: KfuncMeta): void;
  /** After the reference passed was given back, while R1–R5 still hold the arguments. */
  afterRelease?(env: VerifierEnv, meta: KfuncMeta): void;
  /** Whether the result may be NULL; the flag KF_RET_NULL when absent. */
  mayReturnNull?(meta: KfuncMeta): boolean;
  /** R0 for a function that returns a number, after it was marked unknown. */
  scalarResult?(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void;
  /** Makes R0 of a function that returns a pointer; the flags KF_RET_NULL and KF_ACQUIRE are applied to it afterwards. */
  pointerResult?(env: VerifierEnv, meta: KfuncMeta, r0: RegState, target: BtfType): void;
  /** After R0 is complete. */
  afterResult?(env: VerifierEnv, meta: KfuncMeta, r0: RegState): void;
}

const SPIN_ALLOWED: SpecialKfunc = { spinAllowed: true };

/** Functions that fit no family. */
const OTHER_KFUNCS: Readonly<Record<string, SpecialKfunc>> = {
  // Loops over numbers may go on under a lock (is_bpf_iter_num_api_kfunc).
  bpf_iter_num_new: SPIN_ALLOWED,
  bpf_iter_num_next: SPIN_ALLOWED,
  bpf_iter_num_destroy: SPIN_ALLOWED,
  // A u64 that the program may write.
  bpf_session_cookie: {
    afterArgs(_env, meta) {
      meta.r0Size = 8;
      meta.r0Rdonly = false;
    },
  },
  // What compilers put where the source has undefined behaviour.
  __bpf_trap: {
    before: (env) => env.reject('EFAULT', 'unexpected __bpf_trap() due to uninitialized variable?'),
  },
};

/** Functions with rules of their own, by family. */
const FAMILIES: readonly Readonly<Record<string, SpecialKfunc>>[] = [
  CAST_KFUNCS,
  DEFERRED_KFUNCS,
  DYNPTR_KFUNCS,
  GRAPH_KFUNCS,
  OBJECT_KFUNCS,
  OTHER_KFUNCS,
  RES_LOCK_KFUNCS,
  SECTION_KFUNCS,
  THROW_KFUNCS,
];

const BY_NAME: ReadonlyMap<string, SpecialKfunc> = new Map(
  FAMILIES.flatMap((family) => Object.entries(family)),
);

const PLAIN: SpecialKfunc = {};

/** Rules of a kernel function; none for most. */
export function specialKfunc(name: string): SpecialKfunc {
  return BY_NAME.get(name) ?? PLAIN;
}
