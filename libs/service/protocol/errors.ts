import { z } from 'zod';

/** What every response with a status of 400 and more carries. */
export const errorBody = z.object({
  error: z.object({
    /** For programs, e.g. `no-such-program`, `verifier-reject`, `kernel-busy`. */
    code: z.string(),
    /** One line: what went wrong. */
    message: z.string(),
    /** Where: file, program, field of the request. */
    where: z.string().optional(),
    /** What to do next. */
    hint: z.string().optional(),
    /** Positive errno that Linux would give. */
    errno: z.number().int().optional(),
    /** The verifier's log, where it was the verifier that refused. */
    log: z.array(z.string()).optional(),
  }),
});

export type ErrorBody = z.infer<typeof errorBody>;
