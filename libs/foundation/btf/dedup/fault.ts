/** Raised in a pass of deduplication over types that cannot be told apart or ordered; `dedupBtf` makes a diagnostic of it. */
export class DedupFault extends Error {}
