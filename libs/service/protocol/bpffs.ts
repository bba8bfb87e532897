import { z } from 'zod';
import { id, name, queryFlag } from './common';

const path = z
  .string()
  .min(1)
  .max(4096)
  .describe('a path below /sys/fs/bpf; no name of it may have a dot, as on Linux');
const node = name.optional().describe('one node; all by default');

/** What can be pinned, in bpftool's words. */
export const pinKind = z.enum(['prog', 'map', 'link']);

/** A name in bpffs, the same on all the nodes that have it. */
export const bpffsEntry = z.object({
  path: z.string(),
  kind: z.enum(['dir', 'prog', 'map', 'link']),
  /** Of the program, map or link; absent for directories. */
  id: id.optional(),
  /** Of the program or map; of a link, its program's. */
  name: z.string().optional(),
  /** What the object that it came with is called. */
  object: z.string().optional(),
  nodes: z.array(z.string()),
});

export const bpffsQuery = z.strictObject({
  path: path.default('/sys/fs/bpf'),
  recursive: queryFlag.default(false).describe('all that is below, not only what is in it'),
  node,
});

export const bpffsPathQuery = z.strictObject({ path, node });

export const bpffsPathBody = z.strictObject({ path, node });

export const pinBody = z.strictObject({
  path,
  kind: pinKind,
  id,
  node: name.optional().describe('one node; by default all that have it'),
});

export type PinKind = z.infer<typeof pinKind>;
export type BpffsEntry = z.infer<typeof bpffsEntry>;
export type PinRequest = z.infer<typeof pinBody>;
