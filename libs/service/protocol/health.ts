import { z } from 'zod';
import { timestamp } from './common';

export const kernelHealth = z.object({
  /** `busy`: it has not finished a slice or command for `busy_ms`; `restarting`: it ended and comes back. */
  state: z.enum(['running', 'busy', 'restarting', 'failed']),
  busy_ms: z.number(),
  boot: z.string(),
  booted_at: timestamp,
  restarts: z.number().int(),
  /** Why it restarted last. */
  last_error: z.string().optional(),
  /** How far virtual time is behind what its speed asks for, ms. */
  lag_ms: z.number(),
  memory_bytes: z.number().int(),
  /** The release that the emulated kernel wears, e.g. `6.18.0`. */
  release: z.string().optional(),
  /** The BTF file whose layout it wears; absent for the reference kernel's. */
  btf: z.string().optional(),
});

export const storeHealth = z.object({
  /** `failing`: the database refuses to be written; records wait in memory and are dropped beyond `queue_max`. */
  state: z.enum(['ok', 'failing', 'closed']),
  error: z.string().optional(),
  file: z.string(),
  file_bytes: z.number().int(),
  records: z.number().int(),
  queued: z.number().int(),
  queue_max: z.number().int(),
  /** Records that could not be stored since start. */
  dropped: z.number().int(),
});

export const health = z.object({
  status: z.enum(['ok', 'degraded']),
  version: z.string(),
  pid: z.number().int(),
  uptime_s: z.number(),
  kernel: kernelHealth,
  store: storeHealth,
  stream: z.object({
    clients: z.number().int(),
    subscriptions: z.number().int(),
    /** Records not sent to clients that lagged, since start. */
    dropped: z.number().int(),
  }),
  records: z.object({
    /** Records since the daemon's start. */
    total: z.number().int(),
    per_second: z.number(),
    /** Records that a full buffer in the emulated kernel could not take. */
    lost: z.number().int(),
  }),
});

export const version = z.object({
  name: z.literal('probed'),
  version: z.string(),
  protocol: z.number().int(),
  /** The kernel that is emulated. */
  kernel: z.string(),
  node: z.string(),
});

export type KernelHealth = z.infer<typeof kernelHealth>;
export type StoreHealth = z.infer<typeof storeHealth>;
export type Health = z.infer<typeof health>;
export type Version = z.infer<typeof version>;
