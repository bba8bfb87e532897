import { SYSCALLS, type SyscallRow, syscallByName } from '@probed/abi';
import { err, ok, type Result, suggestion } from '@probed/base';
import type { HookArguments } from './arguments';
import { type FireContext, type Fired, type FireSite, noSuchHook } from './fire-context';
import type { HookCall } from './kernel-function';
import { type HookValue, isMembers, Pointer } from './pointer';
import { placedInUser } from './user-data';
import { argumentFault, exactWord, shown, wordOf } from './words';

/**
 * Fires all that a system call of a task fires on its way in and out: `raw_syscalls:sys_enter` and `sys_exit`, the
 * call's own two tracepoints, and the function `__x64_sys_NAME` (kprobe, ksyscall). The call itself does nothing. Text
 * and bytes among the arguments are put into the task's memory.
 * @param name as user space or as SYSCALL_DEFINE has it
 * Errors: `no-such-hook` (ENOENT), `hook-argument`.
 */
export function fireSyscall(
  context: FireContext,
  name: string,
  call: HookCall,
  site: FireSite,
): Result<Fired> {
  const row = syscallByName(name) ?? SYSCALLS.find(({ define }) => define === name);
  if (!row) {
    return noSuchHook(
      `system call ${name}`,
      name,
      SYSCALLS.map((known) => known.name),
    );
  }
  const words = syscallWords(context, row, call.args ?? [], site);
  if (!words.ok) return words;
  const { syscalls } = context.machine.kernel;
  return context.fire(site, () =>
    syscalls.pretend(row.number, words.value, () => {
      call.during?.();
      return Number(call.ret ?? 0);
    }),
  );
}

function syscallWords(
  context: FireContext,
  row: SyscallRow,
  given: HookArguments,
  site: FireSite,
): Result<readonly number[]> {
  const what = `system call ${row.name}`;
  const values = inOrder(row, given, what);
  if (!values.ok) return values;
  const words: number[] = [];
  for (const [i, value] of values.value.entries()) {
    const where = `${what}: argument ${row.args[i]?.name ?? i}`;
    const placed = placedInUser(context, value ?? 0, where, site);
    if (!placed.ok) return placed;
    const word = toWord(placed.value, where);
    if (!word.ok) return word;
    words.push(word.value);
  }
  return ok(words);
}

function toWord(value: HookValue, where: string): Result<number> {
  if (value === null) return ok(0);
  if (value instanceof Pointer) return ok(exactWord(value.address) ?? 0);
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    const word = wordOf(value, where);
    if (!word.ok || typeof word.value === 'number') return word as Result<number>;
    // Tasks keep what they called with as JS numbers.
    return argumentFault(
      `${value} is no argument of a system call here`,
      where,
      'words of at most 53 bits are',
    );
  }
  return argumentFault(
    `${shown(value)} can't be given to a system call`,
    where,
    'text, bytes, a list of them, or a number',
  );
}

function inOrder(
  row: SyscallRow,
  given: HookArguments,
  what: string,
): Result<readonly (HookValue | undefined)[]> {
  const names = row.args.map(({ name }) => name);
  if (Array.isArray(given)) {
    if (given.length <= names.length) return ok(given);
    return argumentFault(
      `${given.length} arguments for ${names.length}`,
      what,
      `it takes: ${names.join(', ') || 'none'}`,
    );
  }
  if (!isMembers(given as HookValue))
    return argumentFault('arguments are a list, or an object by name', what);
  const byName = given as { readonly [name: string]: HookValue };
  const unknown = Object.keys(byName).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const fault = argumentFault(
      `has no argument ${unknown}`,
      what,
      suggestion(unknown, names) ?? 'it takes none',
    );
    return err(fault.error);
  }
  return ok(names.map((name) => byName[name]));
}
