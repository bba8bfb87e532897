import { GENERIC, type KfuncRow, kfuncs } from './kfunc-row';

/** Ciphers and keys. */
export const CRYPTO_KFUNCS: readonly KfuncRow[] = [
  // kernel/bpf/crypto.c
  ...kfuncs(['syscall'], {
    bpf_crypto_ctx_acquire: 'ACQUIRE RET_NULL RCU',
    bpf_crypto_ctx_create: 'ACQUIRE RET_NULL SLEEPABLE',
    bpf_crypto_ctx_release: 'RELEASE',
  }),
  // kernel/bpf/crypto.c
  ...kfuncs(['xdp', 'tc', 'sched_act'], {
    bpf_crypto_decrypt: 'RCU',
    bpf_crypto_encrypt: 'RCU',
  }),
  // kernel/trace/bpf_trace.c
  ...kfuncs(GENERIC, {
    bpf_key_put: 'RELEASE',
    bpf_lookup_system_key: 'ACQUIRE RET_NULL',
    bpf_lookup_user_key: 'ACQUIRE RET_NULL SLEEPABLE',
  }),
];
