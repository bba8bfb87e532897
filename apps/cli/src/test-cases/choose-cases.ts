import { type Diagnostic, diagnostic } from '@probed/base';
import { CommandError, fail } from '../errors';
import type { TestCase } from './case';
import { readCases } from './read-cases';

/** A case of the run. */
export interface ChosenCase {
  readonly test: TestCase;
  /** Why it is left out; undefined for one that runs. */
  readonly skip: string | undefined;
}

/** A file whose cases cannot be read: it fails, the others run. */
export interface UnreadableFile {
  readonly file: string;
  readonly fault: Diagnostic;
}

export interface Chosen {
  readonly cases: readonly ChosenCase[];
  readonly unreadable: readonly UnreadableFile[];
}

/** The cases of files that have all of `filters` in their file or name. Errors: `no-such-case`. */
export async function chooseCases(files: readonly string[], filters: readonly string[]): Promise<Chosen> {
  const cases: TestCase[] = [];
  const unreadable: UnreadableFile[] = [];
  for (const file of files) {
    const read = await readCases(file);
    if (read.ok) cases.push(...read.value);
    else unreadable.push({ file, fault: read.error });
  }
  const named = cases.filter(({ name, file }) => filters.every((text) => `${file}: ${name}`.includes(text)));
  if (named.length === 0 && unreadable.length === 0)
    fail('no-such-case', `no case has ${filters.map((text) => `"${text}"`).join(' and ')} in its name`);
  const anyOnly = named.some(({ only }) => only);
  const chosen = named.map((test) => ({
    test,
    skip: test.skip ?? (anyOnly && !test.only ? 'not among the only ones' : undefined),
  }));
  return { cases: chosen, unreadable };
}

/** What a fault that ends a case is, if it is the user's. */
export function faultOf(error: unknown): Diagnostic {
  if (error instanceof CommandError) return error.diagnostic;
  if (error instanceof Error && 'code' in error) return diagnostic('case-file', error.message);
  throw error;
}
