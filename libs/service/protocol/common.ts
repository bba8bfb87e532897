import { z } from 'zod';

/** Version of the REST paths (`/api/v1`) and of the socket.io messages; told in the handshake and in `GET /version`. */
export const PROTOCOL_VERSION = 1;

/** Ids of objects, programs, maps and links: given once, kept across restarts. */
export const id = z.number().int().positive();

/** Whole nanoseconds of virtual time (CLOCK_MONOTONIC of the emulated kernel), exact below 2^53. */
export const nanoseconds = z.number().int().nonnegative();

/** Wall time, RFC 3339 in UTC with up to nine digits of a second. */
export const timestamp = z
  .string()
  .regex(
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/,
    'an RFC 3339 time in UTC, e.g. 2026-01-01T12:00:00Z',
  )
  .describe('RFC 3339 in UTC, up to nanoseconds');

/** A decoded value: numbers, decimal strings beyond 2^53, text, arrays, objects by member name. */
export const jsonValue = z.unknown().describe('Decoded by BTF; integers beyond 2^53 are decimal strings');

/** A parameter that may be left out and comes as text in a query string. */
export const queryInt = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** `true`, `1`, `false`, `0` in a query string. */
export const queryFlag = z
  .enum(['true', 'false', '1', '0'])
  .transform((text) => text === 'true' || text === '1');

/** A name of an object, program, map, pod or node in a request. */
export const name = z.string().min(1).max(256);
