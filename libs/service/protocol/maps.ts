import { z } from 'zod';
import { id, jsonValue, name, queryInt, timestamp } from './common';
import { map } from './programs';

export const stackFrame = z.object({
  address: z.string(),
  symbol: z.string().optional(),
  offset: z.number().int().optional(),
  module: z.string().optional(),
});

export const mapEntry = z.object({
  key: jsonValue,
  value: jsonValue.optional(),
  /** Per-CPU maps: a value for each CPU, in order, in place of `value`. */
  values: z.array(jsonValue).optional(),
  /** Per-CPU maps of plain integers: all CPUs together. */
  sum: z.union([z.number(), z.string()]).optional(),
  /** Per-CPU maps of structs and arrays: all CPUs together, counters added. */
  merged: jsonValue.optional(),
  /** What members mean, by `key.…` and `value.…`. */
  explained: z.record(z.string(), z.string()).optional(),
  /** Stacks that members hold or refer to, by `key.…` and `value.…`, innermost frame first. */
  stacks: z.record(z.string(), z.array(stackFrame)).optional(),
});

/** Counts by size. */
export const histogram = z.object({
  kind: z.enum(['log2', 'linear']),
  /** Key that it belongs to; absent when the map is one histogram. */
  of: jsonValue.optional(),
  unit: z.string().optional(),
  /** Bounds are inclusive. */
  buckets: z.array(z.object({ low: z.number(), high: z.number(), count: z.number() })),
});

/** What a map holds on one node: exactly one of `entries`, `stacks`, `variables`; none for a buffer. */
export const mapContents = z.object({
  node: z.string(),
  /** When it was read, wall time. */
  time: timestamp,
  kind: z.enum(['entries', 'stacks', 'variables', 'buffer']),
  entries: z.array(mapEntry).optional(),
  /** Entries of a large array that are left out because all their bytes are zero. */
  zero_entries: z.number().int().optional(),
  stacks: z.array(z.object({ id: z.number().int(), frames: z.array(stackFrame) })).optional(),
  variables: z.array(z.object({ name: z.string(), value: jsonValue })).optional(),
  /** What entries or variables count by size. */
  histograms: z.array(histogram).optional(),
  /** There are more entries than were asked for. */
  truncated: z.boolean().optional(),
});

export const mapDump = z.object({ map, nodes: z.array(mapContents) });

export const mapDumpQuery = z.strictObject({
  node: name.optional().describe('one node; all by default'),
  limit: queryInt(1, 100_000).default(10_000).describe('entries per node'),
});

/** Keys and values are JSON by BTF; `{"hex":"0a0b"}` gives bytes. */
export const mapKeyQuery = z.strictObject({
  key: z.string().min(1).max(8_192).describe('the key as JSON, by BTF, or {"hex":"…"}'),
  node: name.optional(),
});

export const mapUpdateBody = z.strictObject({
  key: jsonValue,
  value: jsonValue,
  node: name.optional().describe('one node; all by default'),
  flags: z.enum(['any', 'noexist', 'exist']).default('any'),
});

export const mapLookup = z.object({
  map_id: id,
  entries: z.array(mapEntry.extend({ node: z.string() })),
});

export type MapEntry = z.infer<typeof mapEntry>;
export type MapContents = z.infer<typeof mapContents>;
export type MapDump = z.infer<typeof mapDump>;
export type MapUpdate = z.infer<typeof mapUpdateBody>;
export type MapLookup = z.infer<typeof mapLookup>;
