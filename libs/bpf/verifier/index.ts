/**
 * Decides as Linux 6.18 does whether a program is safe, in the kernel's words, and mints the verified program.
 * Canonical source: kernel/bpf/verifier.c, kernel/bpf/log.c, kernel/bpf/liveness.c of Linux 6.18.
 */
export type { VerifyOptions } from './env';
export { explainReject } from './explain/explain';
export type {
  CodeSpot,
  Explanation,
  PathTurn,
  RegisterStory,
  ValueEvent,
} from './explain/explanation';
export { MESSAGES } from './explain/messages';
export type { VerifierReject } from './reject';
export { verify } from './verify';
