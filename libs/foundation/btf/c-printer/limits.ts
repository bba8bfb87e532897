import { UnprintableError } from './fault';

/** Types within one another, by value or anonymous behind pointers. A vmlinux needs some 60. */
const DEPTH_MAX = 600;
/** Types visited; a vmlinux takes 3 million. Prototypes nested many times over would else take forever. */
const VISITS_MAX = 30_000_000;

/** Bounds the recursion of the printer, whose depth and width the input chooses. */
export class Limits {
  private depth = 0;
  private visits = 0;

  /** Runs one level of a walk. */
  within<T>(walk: () => T): T {
    if (++this.visits > VISITS_MAX)
      throw new UnprintableError('the types refer to one another too often to be printed');
    if (++this.depth > DEPTH_MAX) throw new UnprintableError(`types nest deeper than ${DEPTH_MAX}`);
    try {
      return walk();
    } finally {
      this.depth--;
    }
  }
}
