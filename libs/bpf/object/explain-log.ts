import { CORE_POISON, formatCoreRelo } from '@probed/btf';
import type { ObjectSpec } from './object-spec';
import { POISON_KFUNC_BASE } from './relocate';

const CALL = /^(\d+): \(85\) call unknown#(\d+)/;

/**
 * A verifier's log with calls of numbers that {@link relocate} put in said in words, as libbpf does before it prints
 * a log (tools/lib/bpf/libbpf.c: fixup_verifier_log): which CO-RE relocation failed, which kernel function is missing.
 */
export function explainLog(object: ObjectSpec, program: string, log: readonly string[]): string[] {
  const lines: string[] = [];
  for (let i = 0; i < log.length; i++) {
    const call = CALL.exec(log[i]);
    const verdict = call ? `invalid func unknown#${call[2]}` : undefined;
    const words =
      call && log[i + 1]?.startsWith(verdict ?? '\n')
        ? explain(object, program, Number(call[1]), Number(call[2]))
        : undefined;
    if (words) {
      lines.push(...words);
      i++;
    } else lines.push(log[i]);
  }
  return lines;
}

function explain(object: ObjectSpec, name: string, slot: number, number: number): string[] | undefined {
  if (number === CORE_POISON) {
    const relo = object.programs
      .find((program) => program.name === name)
      // Of a 64-bit load both slots are poisoned; the relocation is the first one's.
      ?.cores.find((core) => core.insn === slot || core.insn === slot - 1);
    if (!relo || !object.btf) return undefined;
    return [
      `${slot}: <invalid CO-RE relocation>`,
      `failed to resolve CO-RE relocation ${formatCoreRelo(object.btf, relo)}`,
    ];
  }
  const kfunc = missingKfuncName(object, number);
  if (kfunc === undefined) return undefined;
  return [`${slot}: <invalid kfunc call>`, `kfunc '${kfunc}' is referenced but wasn't resolved`];
}

/** The weak kernel function whose call {@link relocate} replaced by one of this number; undefined for other numbers. */
export function missingKfuncName(object: ObjectSpec, number: number): string | undefined {
  return [...object.externs.keys()][number - POISON_KFUNC_BASE];
}
