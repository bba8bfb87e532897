import type { Kernel } from '../kernel';
import { type Sys, YIELD } from '../sched/task-program';
import { UserContext } from './context';
import type { Driver } from './driven';
import type { ImageSpec, UserImage } from './image';

/** Exit code of a program that consists of nothing. */
const NO_CODE = 126;

/** What a program finds on its stack when it starts. */
export interface ProgramContext {
  readonly argv: readonly string[];
  readonly envp: readonly string[];
  /** User addresses of the vectors. */
  readonly argvAt: number;
  readonly envpAt: number;
  readonly image: UserImage;
}

/** User mode of a program; its result is the exit code. */
export type Main = (u: UserContext) => Sys;

/** An emulated executable. */
export interface Program {
  /** Name that a file's `program` refers to. */
  readonly name: string;
  readonly image: ImageSpec;
  /** User mode inside the kernel's loop … */
  readonly main?: Main;
  /** … or driven from outside; the one that is there counts. */
  readonly driver?: Driver;
  /** Statically linked programs (Go) start without ld.so. */
  readonly isStatic?: boolean;
  /** Shared libraries beyond libc, by image name. */
  readonly libraries?: readonly string[];
}

/** The executables that a node knows. */
export class Programs {
  private readonly byName = new Map<string, Program>();
  constructor(private readonly k: Kernel) {}

  register(program: Program): void {
    if (this.byName.has(program.name)) return;
    this.byName.set(program.name, program);
    this.k.images.add(program.name, program.image, false);
  }

  /** Puts a program in the place of the one of the same name; its image stays the first one's. */
  replace(program: Program): void {
    if (!this.byName.has(program.name)) this.k.images.add(program.name, program.image, false);
    this.byName.set(program.name, program);
  }

  names(): Iterable<string> {
    return this.byName.keys();
  }

  main(name: string): Program | undefined {
    return this.byName.get(name);
  }

  /** The coroutine of a program that has just been exec'ed. */
  start(program: Program, context: ProgramContext): Sys<never> {
    return this.run(program, new UserContext(this.k, context));
  }

  private *run(program: Program, u: UserContext): Sys<never> {
    if (!program.isStatic) yield* u.loadLibraries(program.libraries ?? []);
    const { main, driver } = program;
    const code = driver ? yield* this.k.drivers.serve(u, driver) : main ? yield* main(u) : NO_CODE;
    yield* u.exit(code);
    for (;;) yield YIELD.EXIT;
  }
}
