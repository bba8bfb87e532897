import { z } from 'zod';
import { id, jsonValue, name, nanoseconds, queryFlag, timestamp } from './common';

/** Where it is pinned in bpffs. */
const pinned = z.array(z.string()).optional();

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
  pinned,
});

/** What has become of the events of a link's hook, on one node or on all together. */
export const linkStats = z.object({
  /** Times that the hook came to this link. */
  events: z.number().int(),
  /** Of them, runs skipped because a program of the kind was active on the CPU. */
  skipped: z.number().int(),
  /** Of them, events lost because contexts were nested too deep. */
  lost: z.number().int(),
  /** Virtual and wall time of the last event; absent before the first. */
  last_ns: nanoseconds.optional(),
  last_time: timestamp.optional(),
  /** r0 of the last run, unsigned 32 bits. */
  last_result: z.number().int().optional(),
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
  /** How many functions or places it hangs at, for the kinds that have several. */
  places: z.number().int().optional(),
  /** What bpf_get_attach_cookie gives. */
  cookie: z.number().int().optional(),
  /** All nodes together. */
  stats: linkStats.optional(),
  node_stats: z.array(linkStats.extend({ node: z.string() })).optional(),
  pinned,
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
  pinned,
});

/** What one upload made: an object file's programs, maps and links. */
export const object = z.object({
  id,
  name: z.string(),
  sha256: z.string(),
  size: z.number().int(),
  loaded_at: timestamp,
  /**
   * `failed`: stored, but the kernel of this boot refused it; `error` says why. `unloaded`: what is listed with it is
   * all that remains of it, because it is pinned, or something pinned needs it.
   */
  state: z.enum(['loaded', 'failed', 'unloaded']),
  error: z.string().optional(),
  programs: z.array(program),
  maps: z.array(map),
  links: z.array(link),
  /** Of an upload: what its user should know, a line each, e.g. which programs were left out. */
  remarks: z.array(z.string()).optional(),
});

export const perfTarget = z.strictObject({
  /** E.g. `cpu-clock`. */
  event: name,
  frequency_hz: z.number().int().min(1).max(100_000).optional(),
  period: z.number().int().min(1).optional(),
});

/** What an iterator goes over (`union bpf_iter_link_info`). */
export const iterTarget = z.strictObject({
  tid: z.number().int().positive().optional(),
  pid: z.number().int().positive().optional(),
  map_id: id.optional().describe('bpf_map_elem: the map'),
  cgroup_id: z.number().int().positive().optional(),
  order: z.enum(['self', 'descendants-pre', 'descendants-post', 'ancestors-up']).optional(),
});

/** Where a program is attached, in place of what its section says. */
export const attachOptions = z.strictObject({
  target: name.optional().describe('in place of the target that the section names'),
  symbols: z
    .array(name)
    .min(1)
    .max(4_096)
    .optional()
    .describe('kprobe.multi and uprobe.multi: these functions in place of a pattern'),
  cookie: z.number().int().nonnegative().optional().describe('bpf_get_attach_cookie'),
  cookies: z
    .array(z.number().int().nonnegative())
    .max(4_096)
    .optional()
    .describe('bpf_get_attach_cookie, one for each of `symbols`'),
  pid: z.number().int().positive().optional().describe('uprobes and USDT probes: this process only'),
  iter: iterTarget.optional().describe('iterators: over what'),
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
  only: z.array(z.string()).min(1).max(256).optional().describe('load these programs and no others, by name'),
  types: z
    .record(z.string(), name)
    .optional()
    .describe('program types, by program name (`*`: all): a section name of that type, e.g. `xdp`, `kprobe`'),
  strict: z
    .boolean()
    .optional()
    .describe(
      'load every program; else those that do the same as another, or have no hook here, are left out',
    ),
  pin_maps: z
    .string()
    .min(1)
    .max(4096)
    .optional()
    .describe(
      'pin every map of the object in this directory below /sys/fs/bpf, which is made when it is missing',
    ),
  pin_by_name: z
    .boolean()
    .optional()
    .describe('false: maps with LIBBPF_PIN_BY_NAME are neither pinned nor taken from their pins'),
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

/** BPF_LINK_UPDATE. */
export const linkUpdateBody = z.strictObject({
  program_id: id.describe('a program of the same type; of any object'),
});

/** What reading an iterator gives (`bpftool iter pin` and `cat`). */
export const linkText = z.object({
  id,
  program: z.string(),
  nodes: z.array(z.object({ node: z.string(), text: z.string(), truncated: z.boolean().optional() })),
});

/** One reason why a link's program has not fired, or has nothing to show. */
export const linkFinding = z.object({
  /** For programs, e.g. `hook-inert`, `nothing-came`, `filter-set`. */
  code: z.string(),
  what: z.string(),
  evidence: z.array(z.string()),
  advice: z.string().optional(),
});

/** Why a link's program has not fired, node by node. */
export const linkWhy = z.object({
  link,
  nodes: z.array(z.object({ node: z.string(), findings: z.array(linkFinding) })),
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
export type LinkStats = z.infer<typeof linkStats>;
export type LinkFinding = z.infer<typeof linkFinding>;
export type LinkText = z.infer<typeof linkText>;
export type LinkWhy = z.infer<typeof linkWhy>;
export type Link = z.infer<typeof link>;
export type MapInfo = z.infer<typeof map>;
export type ObjectInfo = z.infer<typeof object>;
export type AttachOptions = z.infer<typeof attachOptions>;
export type LoadOptions = z.infer<typeof loadOptions>;
export type ProgramDump = z.infer<typeof programDump>;
export type ProgramLog = z.infer<typeof programLog>;
