import { isHelperCall } from '@probed/isa';
import type { LoadedProgram } from '@probed/runtime';
import { helperByName, isErrorInjectable } from '@probed/spec';
import { badTarget } from './errors';

const OVERRIDE_RETURN = helperByName('override_return')!.id;

/** A program that calls `bpf_override_return` hangs only where errors may be injected (kernel/trace/bpf_trace.c: perf_event_attach_bpf_prog). */
export function overrideFault(program: LoadedProgram, functions: readonly string[]) {
  const overrides = program.verified.insns.some((insn) => isHelperCall(insn) && insn.imm === OVERRIDE_RETURN);
  const wrong = overrides && functions.find((name) => !isErrorInjectable(name));
  if (!wrong) return undefined;
  return badTarget(
    `${wrong} does not allow error injection, so bpf_override_return can't be used there`,
    'system calls (__x64_sys_*) do',
  );
}
