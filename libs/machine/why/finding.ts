/** What kind of reason a finding names; stable, for programs. */
export type FindingCode =
  | 'detached'
  | 'hook-inert'
  | 'nothing-came'
  | 'other-process'
  | 'all-lost'
  | 'all-skipped'
  | 'some-skipped'
  | 'cut-short'
  | 'filter-set'
  | 'filter-empty'
  | 'output-refused'
  | 'wrote-nothing'
  | 'runs-end-early'
  | 'writes'
  | 'runs';

/** One reason why a link's program has not fired, or has nothing to show. */
export interface Finding {
  readonly code: FindingCode;
  /** One sentence: what is the case. */
  readonly what: string;
  /** What it was seen from: counters, names, lines of source. May be empty. */
  readonly evidence: readonly string[];
  /** What to do next, in one sentence; absent where all is as it should be. */
  readonly advice?: string;
}
