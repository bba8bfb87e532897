import { diagnostic, err, ok, type Result, suggestion, type Word } from '@probed/base';
import { inContextOf, type Task } from '@probed/system';
import type { Machine } from '../machine';
import { ArgumentEncoder } from './arguments';
import type { KernelObjects } from './kernel-objects';
import { exactWord } from './words';

/** In whose name, where and from where a hook fires. */
export interface FireSite {
  /** The current task. */
  readonly task: Task;
  /** The CPU that it runs on. */
  readonly cpu: number;
  /** Functions that the kernel is in, innermost first: names or addresses; what `bpf_get_stack` walks. */
  readonly kernelStack?: readonly (string | bigint)[];
  /** Functions that the task's user code is in, innermost first: `path:symbol` or addresses. */
  readonly userStack?: readonly (string | bigint)[];
}

/** What one link's program did with an event. */
export interface FiredRun {
  readonly program: string;
  /** The hook as `probectl hooks` names it. */
  readonly hook: string;
  /** r0 of the last run, low 32 bits; undefined when every run was skipped. */
  readonly result: number | undefined;
  readonly runs: number;
  /** Not run, because a program of the kind was active on the CPU. */
  readonly skipped: number;
}

/** What became of an event that a host fired. */
export interface Fired {
  /** The links that it came to, in order of attachment. */
  readonly runs: readonly FiredRun[];
  /**
   * Calls: what the function returned, which is what was given unless a program overrode it (`bpf_override_return`,
   * `lsm`, `fmod_ret`); undefined for events that return nothing.
   */
  readonly ret?: Word;
}

const ENOENT = 2;
const EINVAL = 22;

/** What all kinds of hooks fired by hand share. */
export class FireContext {
  readonly args: ArgumentEncoder;

  constructor(
    readonly machine: Machine,
    readonly objects: KernelObjects,
  ) {
    this.args = new ArgumentEncoder(machine.facts.btf, objects.encoder);
  }

  /** Fires inside a task, and says which programs ran. @param work gives the function's result, if it has one */
  fire(site: FireSite, work: () => Word | undefined): Result<Fired> {
    const kernel = this.frames(site.kernelStack ?? [], 'kernelStack', (name) => this.kernelAddress(name));
    if (!kernel.ok) return kernel;
    const user = this.frames(site.userStack ?? [], 'userStack', (name) => this.userAddress(name));
    if (!user.ok) return user;
    const { kernel: k } = this.machine;
    if (!(Number.isInteger(site.cpu) && site.cpu >= 0 && site.cpu < k.cpus)) {
      const hint = `the machine has CPUs 0 to ${k.cpus - 1}`;
      return err(diagnostic('no-such-cpu', `no CPU ${site.cpu}`, { errno: EINVAL, hint }));
    }
    const before = this.counts();
    const ret = inContextOf(k, site.task, site.cpu, () =>
      withFrames(site.task, kernel.value, user.value, work),
    );
    const runs = this.runsSince(before);
    return ok(ret === undefined ? { runs } : { runs, ret });
  }

  private counts() {
    return this.machine.collections.flatMap((collection) =>
      collection.links.map((link) => ({ link, events: link.stats.events, skipped: link.stats.skipped })),
    );
  }

  private runsSince(before: ReturnType<FireContext['counts']>): FiredRun[] {
    return before.flatMap(({ link, events, skipped }) => {
      const { stats, program, attachment } = link;
      const came = stats.events - events;
      if (came === 0) return [];
      const left = stats.skipped - skipped;
      const result = came > left ? stats.lastResult : undefined;
      return [{ program: program.name, hook: attachment.hook, result, runs: came - left, skipped: left }];
    });
  }

  private frames(
    given: readonly (string | bigint)[],
    where: string,
    resolve: (name: string) => number | undefined,
  ): Result<readonly number[]> {
    const ips: number[] = [];
    for (const frame of given) {
      const ip = typeof frame === 'string' ? resolve(frame) : exactWord(frame);
      if (ip === undefined) {
        const message = typeof frame === 'string' ? `no function ${frame}` : `${frame} is no address`;
        return err(diagnostic('no-such-function', message, { where, errno: ENOENT }));
      }
      ips.push(ip);
    }
    return ok(ips);
  }

  /** Somewhere inside a function, as a return address is. */
  private kernelAddress(name: string): number | undefined {
    const ip = this.machine.kernel.symbolAddress(name);
    return ip === 0 ? undefined : ip;
  }

  private userAddress(name: string): number | undefined {
    const colon = name.lastIndexOf(':');
    return this.machine.kernel.hooks.user.function(name.slice(0, colon), name.slice(colon + 1))?.ip;
  }
}

/** Runs with functions on the task's stacks; they are off again afterwards. */
function withFrames<T>(task: Task, kernel: readonly number[], user: readonly number[], work: () => T): T {
  const { stack } = task;
  const { depth } = stack;
  const { userFrames } = task;
  for (const ip of [...kernel].reverse()) stack.push(ip);
  if (user.length > 0) task.userFrames = [...user].reverse();
  try {
    return work();
  } finally {
    stack.depth = depth;
    task.userFrames = userFrames;
  }
}

/** The hook that was named is not there: ENOENT, with the names nearest to it. */
export function noSuchHook(what: string, name: string, known: Iterable<string>) {
  const hint = suggestion(name, [...known]);
  return err(diagnostic('no-such-hook', `${what} does not exist (ENOENT)`, { errno: ENOENT, hint }));
}
