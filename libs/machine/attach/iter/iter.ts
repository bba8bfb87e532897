import { type Diagnostic, diagnostic, err, ok, writeI64 } from '@probed/base';
import { addressOf } from '@probed/memory';
import type { AttachEnv } from '../attach-env';
import type { AttachedProgram } from '../attached-program';
import type { Attacher } from '../attachment';
import { badTarget, noSuchIterator, notSupported } from '../errors';
import { KernelStruct } from './bpf-objects';
import { SeqFile } from './seq-file';
import { WALKERS, type Walk } from './walks';

const E2BIG = 7;
const EAGAIN = 11;
/** What the program returns to see the same object again. */
const AGAIN = 1;

/** `SEC("iter/target")`: the program runs once for each object when somebody reads the link, and once at the end. */
export const attachIter: Attacher = (program, target, options, env) => {
  if (!target) return badTarget('an iterator needs a target', `one of ${Object.keys(WALKERS).join(', ')}`);
  const walker = WALKERS[target];
  if (!walker) {
    if (env.functionArity(`bpf_iter_${target}`) === undefined) return noSuchIterator(target, WALKERS);
    return notSupported(`iterating over ${target}, of which the emulation has none,`);
  }
  const walk = walker(env, options.iter ?? {}, program);
  if (!walk.ok) return err(walk.error);
  const label = `iter:${target}`;
  const arity = (env.functionArity(`bpf_iter_${target}`) ?? 1) - 1;
  const cookie = options.cookie ?? 0;
  const detached = { value: false };
  return ok({
    detach: () => {
      detached.value = true;
    },
    hook: label,
    state: 'live',
    read: () => {
      const run = new IterRun(program, label, arity, cookie, env);
      return run.read(walk.value, () => detached.value);
    },
  });
};

let lastSession = 0;

/** One reading of an iterator, from open to close (kernel/bpf/bpf_iter.c). */
class IterRun {
  private readonly seq: SeqFile;
  private readonly meta: KernelStruct;
  private objects = 0;

  constructor(
    private readonly program: AttachedProgram,
    private readonly label: string,
    private readonly arity: number,
    private readonly cookie: number,
    private readonly env: AttachEnv,
  ) {
    this.seq = new SeqFile(env);
    this.meta = new KernelStruct(env.btf, env.memory, 'bpf_iter_meta')
      .set('seq', this.seq.address)
      .set('session_id', ++lastSession);
  }

  /** Text in pieces of at most the buffer's size (`bpf_seq_read`). @returns why it ended early */
  *read(walk: Walk, ended: () => boolean): Generator<Uint8Array, Diagnostic | undefined> {
    const { seq } = this;
    try {
      for (const words of walk()) {
        if (ended()) return undefined;
        const fault = yield* this.show(words);
        if (fault) return fault;
        this.objects++;
      }
      const fault = yield* this.show([]);
      if (seq.mark > 0) yield seq.take();
      return fault;
    } finally {
      seq.close();
      this.meta.free();
    }
  }

  /** One object; the last call has none. What does not fit behind what is there already is shown again after that. */
  private *show(words: readonly number[]): Generator<Uint8Array, Diagnostic | undefined> {
    const { seq } = this;
    for (;;) {
      const before = seq.mark;
      const result = this.run(words);
      if (result === AGAIN) {
        seq.truncate(before);
        if (before > 0) yield seq.take();
        return this.fault('iter-again', 'asked to see an object again (EAGAIN)', EAGAIN);
      }
      if (!seq.overflowed) return undefined;
      seq.truncate(before);
      if (before === 0)
        return this.fault('iter-too-big', 'wrote more of one object than the buffer holds (E2BIG)', E2BIG);
      yield seq.take();
    }
  }

  private run(words: readonly number[]): number | undefined {
    const { env } = this;
    this.meta.set('seq_num', this.objects);
    const metaWord = addressOf(this.meta.offset);
    const fill = (ctx: number) => {
      const { view } = env.memory;
      writeI64(view, ctx, metaWord);
      for (let i = 0; i < this.arity; i++) writeI64(view, ctx + 8 * (i + 1), words[i] ?? 0);
    };
    const info = { cookie: this.cookie, functionIp: 0, samplePeriod: 0 };
    return env.fire(this.program, this.label, fill, info);
  }

  private fault(code: string, what: string, errno: number): Diagnostic {
    const { name } = this.program.program;
    return diagnostic(code, `program ${name} ${what}`, { errno, where: this.label });
  }
}
