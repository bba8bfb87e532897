import type { TracepointHook, TracepointRow } from '@probed/hooks';

/** Helps a group's table to infer each row's arguments. */
export function row<A extends readonly unknown[]>(
  group: string,
  name: string,
  raw: (...args: A) => readonly number[],
  fields: TracepointRow<A>['fields'],
): TracepointRow<A> {
  return { group, name, raw, fields };
}

/** Hooks of a table of rows, under the same keys. */
export type HooksOf<T> = {
  readonly [K in keyof T]: T[K] extends TracepointRow<infer A> ? TracepointHook<A> : never;
};
