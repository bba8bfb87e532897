/** What an explanation of a refused program consists of; plain data, fit for JSON. */

/** A place in the program. */
export interface CodeSpot {
  /** Slot. */
  readonly insn: number;
  /** The instruction as the log prints it, less its number and opcode. */
  readonly code: string;
  readonly func: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  /** The line of source. */
  readonly source?: string;
}

/** How a value came to be what it is, one instruction. */
export interface ValueEvent {
  readonly at: CodeSpot;
  /**
   * `set`: written here; `moved`: changed by arithmetic; `narrowed`: a test told more of it; `copied`: taken from
   * another register or from the stack, whose history goes on below.
   */
  readonly kind: 'set' | 'moved' | 'narrowed' | 'copied';
  /** Register or stack slot that the event is about: `r3`, `fp-16`. */
  readonly place: string;
  /** What happened, in words. */
  readonly what: string;
  /** What was known afterwards, in words. */
  readonly value: string;
}

export interface RegisterStory {
  /** `r3`. */
  readonly register: string;
  /** As the log prints it. */
  readonly state: string;
  /** In words. */
  readonly value: string;
  /** Latest first. */
  readonly history: readonly ValueEvent[];
}

/** A turn on the way from the entry to the refusal. */
export interface PathTurn {
  readonly at: CodeSpot;
  readonly kind: 'taken' | 'not-taken' | 'call' | 'return';
  /** Rounds in a row, for loops. */
  readonly times: number;
}

export interface Explanation {
  /** What the verifier complained of, its lines in order. */
  readonly complaint: readonly string[];
  /** Positive. */
  readonly errno: number;
  /** Row of the table of messages, when there is one. */
  readonly id?: string;
  readonly meaning?: string;
  readonly fix?: string;
  readonly at?: CodeSpot;
  /** Where what was never given back was acquired. */
  readonly acquired?: CodeSpot;
  readonly registers: readonly RegisterStory[];
  /** First to last. */
  readonly path: readonly PathTurn[];
  /** Turns of a long way that came before those. */
  readonly omitted: number;
}
