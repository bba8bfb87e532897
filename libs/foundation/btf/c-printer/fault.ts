/** Raised while printing a type graph that C cannot express; `dumpC` turns it into a diagnostic. */
export class UnprintableError extends Error {}
