import type { TracepointFormat } from '@probed/abi';
import { ok, type Result, type Word } from '@probed/base';
import type { Task } from '@probed/system';
import { functionParameters, type Parameter } from './arguments';
import type { FireContext, FireSite } from './fire-context';
import type { HookValue } from './pointer';

/** Records by the names of their fields. */
type Fields = { readonly [field: string]: HookValue };

/** Registers in which a system call finds its arguments (arch/x86/entry/calling.h). */
const SYSCALL_REGISTERS = ['di', 'si', 'dx', 'r10', 'r8', 'r9'] as const;

/** TP_PROTO of a tracepoint by BTF; empty when the BTF does not tell, and for `syscalls:*`, which have no raw form. */
export function rawParameters({ machine }: FireContext, group: string, name: string): readonly Parameter[] {
  if (group === 'syscalls') return [];
  // The first parameter of the function that calls the probes is their own data (include/linux/tracepoint.h).
  return functionParameters(machine.facts.btf, `__traceiter_${name}`)?.slice(1) ?? [];
}

/**
 * Arguments of a tracepoint's raw form out of its record, so that one event reaches both kinds of programs: what is
 * called alike is taken over; a task is the one whose pid the record has, else the current one; the registers of a
 * system call are those that the record lists. Anything else is zero unless it is given by its name.
 */
export function rawWords(
  context: FireContext,
  name: string,
  parameters: readonly Parameter[],
  format: TracepointFormat,
  fields: Fields,
  site: FireSite,
): Result<readonly Word[]> {
  const words: Word[] = [];
  for (const parameter of parameters) {
    const given = fields[parameter.name];
    const isField = format.fields.some((field) => field.name === parameter.name);
    const value = given ?? impliedArgument(context, parameter, fields, site);
    const word = context.args.words(`tracepoint ${name}`, [parameter], [value]);
    if (word.ok) words.push(word.value[0]);
    // A field whose type differs from the argument's of the same name says nothing of the latter.
    else if (isField) words.push(0);
    else return word;
  }
  return ok(words);
}

function impliedArgument(
  { machine }: FireContext,
  { name, typeId }: Parameter,
  fields: Fields,
  site: FireSite,
): HookValue {
  const { btf } = machine.facts;
  const type = btf.resolve(typeId);
  const target = type.kind === 'ptr' ? btf.resolve(type.typeId).name : '';
  if (target === 'task_struct') {
    const task = taskOf(fields[`${name}_pid`] ?? fields.pid, machine.kernel.tasks) ?? site.task;
    return machine.kernel.ptr(task.taskOffset);
  }
  return target === 'pt_regs' ? registers(fields) : 0;
}

function taskOf(
  pid: HookValue | undefined,
  tasks: { find(pid: number): Task | undefined },
): Task | undefined {
  return typeof pid === 'number' ? tasks.find(pid) : undefined;
}

/** `struct pt_regs` of raw_syscalls:sys_enter and sys_exit. */
function registers({ args, id, ret }: Fields): HookValue {
  const regs: Record<string, HookValue> = {};
  if (Array.isArray(args))
    for (const [i, register] of SYSCALL_REGISTERS.entries()) if (i < args.length) regs[register] = args[i];
  if (id !== undefined) regs.orig_ax = id;
  if (ret !== undefined) regs.ax = ret;
  return regs;
}
