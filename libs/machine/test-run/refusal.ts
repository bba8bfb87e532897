import { ERRNO, type ErrnoName } from '@probed/abi';
import { type Diagnostic, diagnostic } from '@probed/base';
import type { LoadedProgram } from '@probed/runtime';
import type { TestRunAttr, TestRunReply } from './attributes';

/** The kernel's internal errno, which reaches user space as 524. */
const ENOTSUPP = 524;

/** A test run that did not take place. */
export function refused(
  program: LoadedProgram,
  errno: ErrnoName | 'ENOTSUPP',
  message: string,
  hint?: string,
): TestRunReply & { readonly fault: Diagnostic } {
  const number = errno === 'ENOTSUPP' ? ENOTSUPP : ERRNO[errno];
  const where = `program ${program.name} (${program.spec.section})`;
  const code = errno === 'ENOTSUPP' || errno === 'EOPNOTSUPP' ? 'not-supported' : 'test-run';
  const fault = diagnostic(code, `${message} (${errno})`, { where, errno: number, ...(hint && { hint }) });
  return { errno: number, retval: 0, fault };
}

/** `bpf_ctx_init`: the context in full length, undefined when nobody gives or wants one, a string when it is too long. */
export function contextGiven(attr: TestRunAttr, bytes: number): Uint8Array | undefined | 'too-long' {
  const { ctx } = attr;
  if (!ctx?.length && attr.ctxRoom === undefined) return undefined;
  const whole = new Uint8Array(bytes);
  if (!ctx) return whole;
  if (ctx.subarray(bytes).some((byte) => byte !== 0)) return 'too-long';
  whole.set(ctx.subarray(0, bytes));
  return whole;
}

/** What is copied out when all went well: `bpf_test_finish`, then `bpf_ctx_finish`. */
export function finished(
  attr: TestRunAttr,
  retval: number,
  packet: Uint8Array | undefined,
  ctx: Uint8Array | undefined,
): TestRunReply {
  const room = attr.packetRoom || Number.POSITIVE_INFINITY;
  const packetCut = packet !== undefined && packet.length > room;
  const out = packet && { packet: packetCut ? packet.slice(0, room) : packet, packetBytes: packet.length };
  if (packetCut) return { errno: ERRNO.ENOSPC, retval, ...out };
  if (!ctx || attr.ctxRoom === undefined) return { errno: 0, retval, ...out };
  const ctxCut = ctx.length > attr.ctxRoom;
  return { errno: ctxCut ? ERRNO.ENOSPC : 0, retval, ...out, ctx: ctxCut ? ctx.slice(0, attr.ctxRoom) : ctx };
}
