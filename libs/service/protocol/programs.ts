import { z } from 'zod';
import { id, jsonValue, name, queryFlag, timestamp } from './common';

/** Counters of one program on one node, as `bpftool prog show` has them. */
export const programOnNode = z.object({
  node: z.string(),
  runs: z.number().int(),
  recursion_misses: z.number().int(),
  budget_exceeded: z.number().int(),
});

export const program = z.object({
  id,
  name: z.string(),
  /** As bpftool names it, e.g. `tracepoint`. */
  type: z.string(),
  /** ELF section, e.g. `tracepoint/sched/sched_process_exec`. */
  section: z.string(),
  object_id: id,
  object: z.string(),
  license: z.string(),
  loaded_at: timestamp,
  /** Instructions after relocation. */
  insns: z.number().int(),
  /** Instructions that the verifier processed. */
  verified_insns: z.number().int(),
  /** Bytes of the compiled module; 0 when interpreted. */
  jited_bytes: z.number().int(),
  map_ids: z.array(id),
  link_ids: z.array(id),
  /** All nodes together. */
  runs: z.number().int(),
  nodes: z.array(programOnNode),
});

export const link = z.object({
  id,
  program_id: id,
  program: z.string(),
  object_id: id,
  object: z.string(),
  /** As the hook catalogue names it. */
  hook: z.string(),
  /** `inert`: the hook exists, but nothing in the emulation fires it. */
  state: z.enum(['live', 'inert']),
  nodes: z.array(z.string()),
  created_at: timestamp,
});

export const map = z.object({
  id,
  name: z.string(),
  object_id: id,
  object: z.string(),
  /** As bpftool names it, e.g. `percpu_hash`. */
  type: z.string(),
  key_size: z.number().int(),
  value_size: z.number().int(),
  max_entries: z.number().int(),
  flags: z.number().int(),
  /** Holds the object's `.rodata`, `.data` or `.bss`. */
  internal: z.boolean(),
  nodes: z.array(z.string()),
});

/** What one upload made: an object file's programs, maps and links. */
export const object = z.object({
  id,
  name: z.string(),
  sha256: z.string(),
  size: z.number().int(),
  loaded_at: timestamp,
  /** `failed`: stored, but the kernel of this boot refused it; `error` says why. */
  state: z.enum(['loaded', 'failed']),
  error: z.string().optional(),
  programs: z.array(program),
  maps: z.array(map),
  links: z.array(link),
});

export const perfTarget = z.strictObject({
  /** E.g. `cpu-clock`. */
  event: name,
  frequency_hz: z.number().int().min(1).max(100_000).optional(),
  period: z.number().int().min(1).optional(),
});

/** Where a program is attached, in place of what its section says. */
export const attachOptions = z.strictObject({
  target: name.optional().describe('in place of the target that the section names'),
  cookie: z.number().int().nonnegative().optional().describe('bpf_get_attach_cookie'),
  perf: perfTarget.optional().describe('perf_event programs'),
});

/** How an object is loaded; everything is optional. */
export const loadOptions = z.strictObject({
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'letters, digits, `_`, `.`, `-`; at most 64')
    .optional(),
  attach: z.boolean().default(true).describe('attach every program where its section says'),
  node: name.optional().describe('one node; all nodes by default'),
  /** `.rodata`/`.data` variables, by name. */
  set: z.record(z.string(), jsonValue).optional().describe('global variables, by name'),
  max_entries: z
    .record(z.string(), z.number().int().min(1).max(0xffff_ffff))
    .optional()
    .describe('map sizes, by map name'),
  event: z
    .record(z.string(), z.string())
    .optional()
    .describe('struct of the records, by map name (`*`: all maps)'),
  targets: z.record(z.string(), attachOptions).optional().describe('where programs attach, by program name'),
  optional: z.array(z.string()).max(256).optional().describe('programs of `?` sections to load too, by name'),
});

/** `POST /programs` with an `application/octet-stream` body: options by query. */
export const uploadQuery = z.strictObject({
  name: loadOptions.shape.name,
  attach: queryFlag.optional(),
  node: name.optional(),
  options: z.string().max(8_192).optional().describe('further load options as JSON'),
});

/** `POST /programs` with an `application/json` body. */
export const uploadBody = loadOptions.extend({
  object: z.base64().describe('the .bpf.o file, base64'),
});

export const attachBody = attachOptions.extend({
  program_id: id,
  node: name.optional().describe('one node; all nodes of the object by default'),
});

/** One program's instructions. */
export const programDump = z.object({
  id,
  name: z.string(),
  format: z.enum(['xlated', 'jited']),
  /** `xlated`: as bpftool prints them. */
  lines: z.array(z.string()).optional(),
  /** `jited`: hex of the WebAssembly module. */
  wasm: z.string().optional(),
});

export const programLog = z.object({
  id,
  name: z.string(),
  verdict: z.literal('accept'),
  processed: z.number().int(),
  log: z.array(z.string()),
});

export type Program = z.infer<typeof program>;
export type Link = z.infer<typeof link>;
export type MapInfo = z.infer<typeof map>;
export type ObjectInfo = z.infer<typeof object>;
export type AttachOptions = z.infer<typeof attachOptions>;
export type LoadOptions = z.infer<typeof loadOptions>;
export type ProgramDump = z.infer<typeof programDump>;
export type ProgramLog = z.infer<typeof programLog>;
