import type { FunctionHook } from '@probed/hooks';
import type { Kernel } from '../kernel';
import type { Sys } from '../sched/task-program';

/** Names of kernel functions, oldest spelling last, of which the first that the image has is probed. */
type Names = string | readonly string[];

const registry: (readonly string[])[] = [];

/** Every kernel function that the emulation's code paths call by name, in order of declaration. */
export function liveFunctions(): readonly (readonly string[])[] {
  return registry;
}

function register(names: Names): number {
  return registry.push(typeof names === 'string' ? [names] : names) - 1;
}

/** Tells whether anything hangs at the function that was declared last: what costs something may be left out if not. */
export function declared(): (k: Kernel) => boolean {
  const index = registry.length - 1;
  return (k) => k.fn[index].active;
}

type Body<A extends unknown[], R> = (k: Kernel, ...args: A) => R;
type Words<A extends unknown[]> = (k: Kernel, ...args: A) => number[];
/** The same with a fixed arity, which costs nothing to call; unused parameters are undefined. */
type Fixed<R> = (k: Kernel, a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown) => R;

/**
 * Makes a kernel function that can be probed: `words` are its C arguments (signed words), `body` is what it does.
 * While it runs, it is a frame of the current task's kernel stack. Unattached it costs a push, a test and a pop.
 */
export function traced<A extends unknown[]>(
  names: Names,
  words: Words<A>,
  body: Body<A, number>,
): Body<A, number> {
  const index = register(names);
  const toWords = words as unknown as Fixed<number[]>;
  const run = body as unknown as Fixed<number>;
  const fixed: Fixed<number> = (k, a, b, c, d, e) => {
    const hook = k.fn[index];
    const stack = k.sched.cur.stack();
    const depth = stack.depth;
    stack.ips[depth] = hook.ip;
    stack.depth = depth + 1;
    const ret = hook.active
      ? hook.call(toWords(k, a, b, c, d, e), () => run(k, a, b, c, d, e))
      : run(k, a, b, c, d, e);
    stack.depth = depth;
    return ret;
  };
  return fixed as unknown as Body<A, number>;
}

/** The same for a function that can sleep. */
export function tracedBlocking<A extends unknown[]>(
  names: Names,
  words: Words<A>,
  body: Body<A, Sys>,
): Body<A, Sys> {
  return blocking(
    register(names),
    words as unknown as Fixed<number[]>,
    body as unknown as Fixed<Sys>,
  ) as never;
}

/** One kernel function with two bodies: one for objects that never make the caller sleep, one for those that may. */
export function tracedPair<A extends unknown[]>(
  names: Names,
  words: Words<A>,
  plain: Body<A, number>,
  sleeping: Body<A, Sys>,
): { plain: Body<A, number>; blocking: Body<A, Sys> } {
  const direct = traced(names, words, plain);
  const index = registry.length - 1;
  const other = blocking(index, words as unknown as Fixed<number[]>, sleeping as unknown as Fixed<Sys>);
  return { plain: direct, blocking: other as never };
}

function blocking(index: number, words: Fixed<number[]>, run: Fixed<Sys>): Fixed<Sys> {
  return function* (k, a, b, c, d, e) {
    const hook = k.fn[index];
    const { stack } = k.sched.cur.current;
    const depth = stack.depth;
    stack.ips[depth] = hook.ip;
    stack.depth = depth + 1;
    const ret = hook.active
      ? yield* hook.callBlocking(words(k, a, b, c, d, e), () => run(k, a, b, c, d, e))
      : yield* run(k, a, b, c, d, e);
    stack.depth = depth;
    return ret;
  };
}

/** Names that only occur as frames of stack walks. */
const frameRegistry: string[] = [];

/** Declares a function that appears on kernel stacks without being called through a hook; gives its frame number. */
export function frame(name: string): number {
  const known = frameRegistry.indexOf(name);
  return known >= 0 ? known : frameRegistry.push(name) - 1;
}

export function frameNames(): readonly string[] {
  return frameRegistry;
}

/** A hook for a function that this kernel's image lacks: never attached, so calls run straight through. */
export function resolveHook(
  names: readonly string[],
  declare: (name: string) => FunctionHook | undefined,
): FunctionHook | undefined {
  for (const name of names) {
    const hook = declare(name);
    if (hook) return hook;
  }
  return undefined;
}
