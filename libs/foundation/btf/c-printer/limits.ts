import { UnprintableError } from './fault';

/** Types within one another, by value or anonymous behind pointers. A vmlinux needs some 60. */
const DEPTH_MAX = 600;
/** Visits of a type, on average; a vmlinux takes 20. Prototypes nested many times over would else take forever. */
const VISITS_A_TYPE_MAX = 100;
/** What any BTF may take. */
const VISITS_MIN = 1_000_000;

/** Bounds the recursion of the printer, whose depth and width the input chooses. */
export class Limits {
  private depth = 0;
  private visits: number;

  constructor(typeCount: number) {
    this.visits = Math.max(VISITS_MIN, VISITS_A_TYPE_MAX * typeCount);
  }

  /** Runs one level of a walk. */
  within<T>(walk: () => T): T {
    if (--this.visits < 0)
      throw new UnprintableError('the types refer to one another too often to be printed');
    if (++this.depth > DEPTH_MAX) throw new UnprintableError(`types nest deeper than ${DEPTH_MAX}`);
    try {
      return walk();
    } finally {
      this.depth--;
    }
  }
}
