import type { Link as CoreLink } from '@probed/machine';
import type { LoadedProgram } from '@probed/runtime';
import { fail, unwrap } from './errors';
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

  /**
   * Reads an iterator from its beginning to its end: its program runs once for each object, and this is the text that it
   * wrote. @throws ProbedError `not-iter`; `iter-too-big` (E2BIG) and the like when it ends early
   */
  read(): string {
    const { attachment, program } = partsOf.get(this)!.link;
    if (!attachment.read)
      fail('not-iter', `${attachment.hook} is no iterator`, { where: `program ${program.name}`, errno: 22 });
    const decoder = new TextDecoder();
    let text = '';
    const pieces = attachment.read();
    for (;;) {
      const { done, value } = pieces.next();
      if (!done) text += decoder.decode(value, { stream: true });
      else if (value) unwrap({ ok: false, error: value });
      else return text + decoder.decode();
    }
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
