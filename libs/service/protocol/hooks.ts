import { z } from 'zod';
import { name, queryInt } from './common';

export const hook = z.object({
  /** E.g. `tracepoint:sched:sched_process_exec`, `kprobe:vfs_read`, `uprobe:/usr/bin/bash:readline`. */
  name: z.string(),
  kind: z.string(),
  /** `inert`: it can be attached to, but nothing in the emulation fires it. */
  state: z.enum(['live', 'inert']),
  /** C prototype of a function. */
  prototype: z.string().optional(),
  /** Fields of a tracepoint's record. */
  fields: z
    .array(z.object({ name: z.string(), type: z.string(), offset: z.number().int(), size: z.number().int() }))
    .optional(),
});

export const hookQuery = z.strictObject({
  pattern: name.optional().describe('substring, or a pattern with * and ?'),
  kind: name.optional().describe('tracepoint, kprobe, uprobe, perf_event …'),
  state: z.enum(['live', 'inert']).optional(),
  verbose: z.enum(['true', 'false']).optional().describe('with prototypes and fields'),
  limit: queryInt(1, 100_000).default(200),
});

export const hookList = z.object({
  hooks: z.array(hook),
  /** How many match in all. */
  total: z.number().int(),
});

export type Hook = z.infer<typeof hook>;
export type HookQuery = z.infer<typeof hookQuery>;
export type HookList = z.infer<typeof hookList>;
