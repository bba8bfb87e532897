import { z } from 'zod';
import { id, name, nanoseconds, queryInt, timestamp } from './common';

export const pod = z.object({
  name: z.string(),
  namespace: z.string(),
  node: z.string(),
  ip: z.string(),
  labels: z.record(z.string(), z.string()),
  containers: z.array(
    z.object({
      name: z.string(),
      image: z.string(),
      container_id: z.string(),
      /** cgroup v2 id on the pod's node, as bpf_get_current_cgroup_id gives it. */
      cgroup_id: z.number().int(),
    }),
  ),
});

/** What ran in an exec session. */
export const sessionCommand = z.object({
  session: z.string(),
  /** Counts the session's commands from 1. */
  seq: z.number().int().positive(),
  /** `exec`: a process that called execve; `builtin`: the shell itself did it; `line`: what was entered at its prompt. */
  kind: z.enum(['exec', 'builtin', 'line']),
  pid: z.number().int(),
  ppid: z.number().int(),
  comm: z.string(),
  /** `line`: the text is `argv[0]`. */
  argv: z.array(z.string()),
  /** Path given to execve. */
  filename: z.string().optional(),
  cwd: z.string().optional(),
  start_ns: nanoseconds,
  time: timestamp,
  end_ns: nanoseconds.optional(),
  exit_code: z.number().int().optional(),
});

export const execSession = z.object({
  id: z.string(),
  boot: z.string(),
  pod: z.string(),
  namespace: z.string(),
  container: z.string(),
  node: z.string(),
  command: z.array(z.string()),
  tty: z.boolean(),
  /** Who asked for it. */
  user: z.string(),
  state: z.enum(['running', 'exited', 'lost']).describe('`lost`: the emulated kernel went away under it'),
  pid: z.number().int(),
  started_at: timestamp,
  ended_at: timestamp.optional(),
  exit_code: z.number().int().optional(),
  /** Commands recorded so far. */
  commands: z.number().int(),
});

export const execSessionDetail = execSession.extend({ command_list: z.array(sessionCommand) });

export const execSessionQuery = z.strictObject({
  pod: name.optional(),
  state: z.enum(['running', 'exited', 'lost']).optional(),
  limit: queryInt(1, 10_000).default(100),
});

const EXEC_INPUT_CHARS_MAX = 1_048_576;

/** A command in a container. */
export const execBody = z.strictObject({
  pod: z.string().min(1).max(253).describe('pod name, `pod/NAME`, or a unique beginning of a name'),
  namespace: z.string().max(63).optional(),
  container: z.string().max(63).optional().describe('the first container by default'),
  command: z.array(z.string().max(131_072)).min(1).max(1_024),
  user: z.string().max(253).optional().describe('who asks, for the record'),
  stdin: z.string().max(EXEC_INPUT_CHARS_MAX).optional().describe('standard input, then end of file'),
  timeout_s: z.number().min(0.1).max(600).default(60).describe('the command is killed after this long'),
});

/** What `POST /exec-sessions` answers when the command has ended. */
export const execResult = z.object({
  session: execSession,
  stdout: z.string(),
  stderr: z.string(),
  /** Output beyond 1 MiB a stream is cut. */
  truncated: z.boolean(),
  timed_out: z.boolean(),
});

export const workload = z.object({
  scenario: z.string(),
  state: z.enum(['running', 'stopped']),
  seed: z.number().int(),
  /** Virtual seconds a wall-clock second; 0 means as fast as it goes. */
  speed: z.number(),
  /** Factor on the scenario's rates. */
  rate: z.number(),
  /** Virtual time since boot of the emulation. */
  virtual_ns: nanoseconds,
  time: timestamp,
  nodes: z.array(z.string()),
  scenarios: z.array(z.object({ name: z.string(), description: z.string() })),
});

/** `POST /workload/start`: another scenario, seed or rate boots the emulated kernel anew; programs and links are restored. */
export const workloadStart = z.strictObject({
  scenario: name.optional(),
  seed: z.number().int().min(0).max(0xffff_ffff).optional(),
  speed: z.number().min(0).max(1_000).optional(),
  rate: z.number().min(0).max(1_000).optional(),
});

export const workloadChange = z.strictObject({ speed: z.number().min(0).max(1_000) });

export const idParam = z.strictObject({ id: z.coerce.number().pipe(id) });
export const sessionParam = z.strictObject({ id: z.string().min(1).max(64) });

export type Pod = z.infer<typeof pod>;
export type SessionCommand = z.infer<typeof sessionCommand>;
export type ExecSession = z.infer<typeof execSession>;
export type ExecSessionDetail = z.infer<typeof execSessionDetail>;
export type ExecSessionQuery = z.infer<typeof execSessionQuery>;
export type ExecBody = z.infer<typeof execBody>;
export type ExecResult = z.infer<typeof execResult>;
export type Workload = z.infer<typeof workload>;
export type WorkloadStart = z.infer<typeof workloadStart>;
