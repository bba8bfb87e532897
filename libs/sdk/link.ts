import type { Link as CoreLink } from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { unwrap } from './errors';
import type { Program } from './program';

/** What has come to a link since its program was attached. */
export interface LinkStats {
  /** Times that the hook came to this link. */
  readonly events: number;
  /** Of them, not run because a program of the kind was active on the CPU (`recursion_misses`). */
  readonly skipped: number;
  /** Of them, lost because events were nested too deep. */
  readonly lost: number;
  /** Virtual time of the last one, ns; undefined before the first. */
  readonly lastTime: bigint | undefined;
  /** r0 of the last run, low 32 bits, unsigned; undefined before the first. */
  readonly lastResult: number | undefined;
}

interface LinkParts {
  readonly link: CoreLink;
  readonly loaded: (program: Program) => LoadedProgram;
}

const partsOf = new WeakMap<Link, LinkParts>();

/** A program that hangs at a hook. */
export class Link {
  /** @internal */
  static of(parts: LinkParts): Link {
    const link = new Link();
    partsOf.set(link, parts);
    return link;
  }

  private constructor() {}

  /** Where it hangs, e.g. `tracepoint:sched:sched_process_exec`. */
  get hook(): string {
    return partsOf.get(this)!.link.attachment.hook;
  }

  /** False when the emulation itself never fires this hook, only you do. */
  get live(): boolean {
    return partsOf.get(this)!.link.attachment.state === 'live';
  }

  /** Name of the program that runs there now. */
  get program(): string {
    return partsOf.get(this)!.link.program.name;
  }

  get stats(): LinkStats {
    const { events, skipped, lost, lastNs, lastResult } = partsOf.get(this)!.link.stats;
    return { events, skipped, lost, lastTime: lastNs === undefined ? undefined : BigInt(lastNs), lastResult };
  }

  /** Puts another program of the same type behind the link (`BPF_LINK_UPDATE`). @throws ProbedError `link-update` */
  update(program: Program): void {
    const { link, loaded } = partsOf.get(this)!;
    unwrap(link.update(loaded(program)));
  }

  /** Takes the program off its hook; again is harmless. */
  detach(): void {
    partsOf.get(this)!.link.detach();
  }

  [Symbol.dispose](): void {
    this.detach();
  }
}
