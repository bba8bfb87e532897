import { z } from 'zod';
import { bpffsEntry, bpffsPathBody, bpffsPathQuery, bpffsQuery, pinBody } from './bpffs';
import {
  execBody,
  execResult,
  execSession,
  execSessionDetail,
  execSessionQuery,
  idParam,
  pod,
  sessionParam,
  workload,
  workloadChange,
  workloadStart,
} from './cluster';
import { name } from './common';
import { health, version } from './health';
import { hookList, hookQuery } from './hooks';
import { mapDump, mapDumpQuery, mapKeyQuery, mapLookup, mapUpdateBody } from './maps';
import {
  attachBody,
  link,
  linkText,
  linkUpdateBody,
  linkWhy,
  map,
  object,
  program,
  programDump,
  programLog,
  uploadBody,
  uploadQuery,
} from './programs';
import { recordPage, recordQuery } from './records';

/** One operation of the REST API; OpenAPI, the server's validation and the clients' types come from it. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1`, with `{id}`. */
  readonly path: string;
  readonly tag: string;
  readonly summary: string;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The body may also be the bytes themselves (`application/octet-stream`). */
  readonly binaryBody?: boolean;
  readonly status: number;
  readonly response: z.ZodType;
  /** Statuses beyond 400, 401 and 503, which any operation can answer. */
  readonly errors?: Readonly<Record<number, string>>;
}

const NO_SUCH = { 404: 'there is none of that id' };
const nothing = z.object({});

/** Every operation, by its operationId. */
export const ROUTES = {
  uploadProgram: {
    method: 'POST',
    path: '/programs',
    tag: 'programs',
    summary:
      'Upload an object file: its programs are verified, compiled and, unless told otherwise, attached',
    query: uploadQuery,
    body: uploadBody,
    binaryBody: true,
    status: 201,
    response: object,
    errors: {
      413: 'the object is too large',
      415: 'neither application/octet-stream nor application/json',
      422: 'the object, the verifier or an attachment was refused; `log` is the verifier’s',
    },
  },
  listObjects: {
    method: 'GET',
    path: '/objects',
    tag: 'programs',
    summary: 'Uploaded objects with their programs, maps and links',
    status: 200,
    response: z.object({ objects: z.array(object) }),
  },
  getObject: {
    method: 'GET',
    path: '/objects/{id}',
    tag: 'programs',
    summary: 'One uploaded object',
    params: idParam,
    status: 200,
    response: object,
    errors: NO_SUCH,
  },
  unloadObject: {
    method: 'DELETE',
    path: '/objects/{id}',
    tag: 'programs',
    summary: 'Detach and unload everything that came with an object; what is pinned stays',
    params: idParam,
    status: 200,
    response: nothing,
    errors: { ...NO_SUCH, 422: 'it is unloaded; what remains of it is pinned' },
  },
  listPrograms: {
    method: 'GET',
    path: '/programs',
    tag: 'programs',
    summary: 'Loaded programs with their run counts',
    status: 200,
    response: z.object({ programs: z.array(program) }),
  },
  getProgram: {
    method: 'GET',
    path: '/programs/{id}',
    tag: 'programs',
    summary: 'One program',
    params: idParam,
    status: 200,
    response: program,
    errors: NO_SUCH,
  },
  dumpProgram: {
    method: 'GET',
    path: '/programs/{id}/dump',
    tag: 'programs',
    summary: 'Instructions after relocation, or the compiled module',
    params: idParam,
    query: z.strictObject({ format: z.enum(['xlated', 'jited']).default('xlated') }),
    status: 200,
    response: programDump,
    errors: NO_SUCH,
  },
  programLog: {
    method: 'GET',
    path: '/programs/{id}/log',
    tag: 'programs',
    summary: 'What the verifier said of it',
    params: idParam,
    status: 200,
    response: programLog,
    errors: NO_SUCH,
  },
  unloadProgram: {
    method: 'DELETE',
    path: '/programs/{id}',
    tag: 'programs',
    summary: 'Detach and unload one program; with the last one its object goes',
    params: idParam,
    status: 200,
    response: nothing,
    errors: { ...NO_SUCH, 422: 'it is pinned, or runs behind a link of another object' },
  },
  listLinks: {
    method: 'GET',
    path: '/links',
    tag: 'links',
    summary: 'Where programs are attached',
    status: 200,
    response: z.object({ links: z.array(link) }),
  },
  attach: {
    method: 'POST',
    path: '/links',
    tag: 'links',
    summary: 'Attach a program where its section says, or to a target',
    body: attachBody,
    status: 201,
    response: link,
    errors: { ...NO_SUCH, 422: 'there is no such hook, or it does not fit the program' },
  },
  getLink: {
    method: 'GET',
    path: '/links/{id}',
    tag: 'links',
    summary: 'One link with what has come to it, node by node',
    params: idParam,
    status: 200,
    response: link,
    errors: NO_SUCH,
  },
  updateLink: {
    method: 'PATCH',
    path: '/links/{id}',
    tag: 'links',
    summary: 'Put another program behind a link, between two events (BPF_LINK_UPDATE)',
    params: idParam,
    body: linkUpdateBody,
    status: 200,
    response: link,
    errors: { ...NO_SUCH, 422: 'the program is of another type, or not on the nodes of the link' },
  },
  explainLink: {
    method: 'GET',
    path: '/links/{id}/why',
    tag: 'links',
    summary: 'Why its program has not fired, or has nothing to show',
    params: idParam,
    status: 200,
    response: linkWhy,
    errors: NO_SUCH,
  },
  readLink: {
    method: 'GET',
    path: '/links/{id}/read',
    tag: 'links',
    summary: 'Run an iterator and give the text that it writes',
    params: idParam,
    query: z.strictObject({ node: name.optional().describe('one node; all by default') }),
    status: 200,
    response: linkText,
    errors: { ...NO_SUCH, 422: 'the link is no iterator' },
  },
  detach: {
    method: 'DELETE',
    path: '/links/{id}',
    tag: 'links',
    summary: 'Detach',
    params: idParam,
    status: 200,
    response: nothing,
    errors: { ...NO_SUCH, 422: 'it is pinned' },
  },
  listBpffs: {
    method: 'GET',
    path: '/bpffs',
    tag: 'bpffs',
    summary: 'What is in a directory of /sys/fs/bpf',
    query: bpffsQuery,
    status: 200,
    response: z.object({ entries: z.array(bpffsEntry) }),
    errors: { 404: 'there is no such path', 422: 'it is not below /sys/fs/bpf' },
  },
  pin: {
    method: 'POST',
    path: '/bpffs/pins',
    tag: 'bpffs',
    summary: 'Pin a program, map or link: it stays when its object is unloaded, and is restored at start',
    body: pinBody,
    status: 201,
    response: bpffsEntry,
    errors: {
      404: 'there is no program, map or link of that id, or no such directory',
      422: 'the path exists, is not below /sys/fs/bpf, or has a name with a dot: see errno',
    },
  },
  unpin: {
    method: 'DELETE',
    path: '/bpffs/pins',
    tag: 'bpffs',
    summary: 'Take a pin away; with the last reference, what it held goes',
    query: bpffsPathQuery,
    status: 200,
    response: nothing,
    errors: { 404: 'there is no such path', 422: 'it is a directory' },
  },
  makeBpffsDirectory: {
    method: 'POST',
    path: '/bpffs/directories',
    tag: 'bpffs',
    summary: 'Make a directory',
    body: bpffsPathBody,
    status: 201,
    response: bpffsEntry,
    errors: { 404: 'there is no such parent', 422: 'it exists, or may not be: see errno' },
  },
  removeBpffsDirectory: {
    method: 'DELETE',
    path: '/bpffs/directories',
    tag: 'bpffs',
    summary: 'Remove an empty directory',
    query: bpffsPathQuery,
    status: 200,
    response: nothing,
    errors: { 404: 'there is no such path', 422: 'it is not empty, or no directory' },
  },
  listMaps: {
    method: 'GET',
    path: '/maps',
    tag: 'maps',
    summary: 'Maps of all loaded objects',
    status: 200,
    response: z.object({ maps: z.array(map) }),
  },
  getMap: {
    method: 'GET',
    path: '/maps/{id}',
    tag: 'maps',
    summary: 'One map',
    params: idParam,
    status: 200,
    response: map,
    errors: NO_SUCH,
  },
  dumpMap: {
    method: 'GET',
    path: '/maps/{id}/dump',
    tag: 'maps',
    summary: 'Contents, decoded by BTF',
    params: idParam,
    query: mapDumpQuery,
    status: 200,
    response: mapDump,
    errors: NO_SUCH,
  },
  lookupMap: {
    method: 'GET',
    path: '/maps/{id}/lookup',
    tag: 'maps',
    summary: 'The entry of one key',
    params: idParam,
    query: mapKeyQuery,
    status: 200,
    response: mapLookup,
    errors: { 404: 'no such map, or no such key', 422: 'the key does not fit the map' },
  },
  updateMap: {
    method: 'PUT',
    path: '/maps/{id}/entries',
    tag: 'maps',
    summary: 'Set an entry',
    params: idParam,
    body: mapUpdateBody,
    status: 200,
    response: mapLookup,
    errors: { ...NO_SUCH, 422: 'the kernel refused it: see errno' },
  },
  deleteMapEntry: {
    method: 'DELETE',
    path: '/maps/{id}/entries',
    tag: 'maps',
    summary: 'Delete an entry',
    params: idParam,
    query: mapKeyQuery,
    status: 200,
    response: nothing,
    errors: { 404: 'no such map, or no such key', 422: 'the key does not fit the map' },
  },
  listHooks: {
    method: 'GET',
    path: '/hooks',
    tag: 'hooks',
    summary: 'What programs can attach to',
    query: hookQuery,
    status: 200,
    response: hookList,
  },
  listRecords: {
    method: 'GET',
    path: '/records',
    tag: 'records',
    summary: 'History: records by time, program, map, hook, pod, session, text',
    query: recordQuery,
    status: 200,
    response: recordPage,
  },
  listPods: {
    method: 'GET',
    path: '/pods',
    tag: 'exec sessions',
    summary: 'Pods of the emulated cluster',
    status: 200,
    response: z.object({ pods: z.array(pod) }),
  },
  listExecSessions: {
    method: 'GET',
    path: '/exec-sessions',
    tag: 'exec sessions',
    summary: 'Exec sessions, newest first',
    query: execSessionQuery,
    status: 200,
    response: z.object({ sessions: z.array(execSession) }),
  },
  getExecSession: {
    method: 'GET',
    path: '/exec-sessions/{id}',
    tag: 'exec sessions',
    summary: 'One exec session with its commands',
    params: sessionParam,
    status: 200,
    response: execSessionDetail,
    errors: NO_SUCH,
  },
  startExecSession: {
    method: 'POST',
    path: '/exec-sessions',
    tag: 'exec sessions',
    summary: 'Run a command in a container and wait for its end (interactive: socket.io namespace /exec)',
    body: execBody,
    status: 201,
    response: execResult,
    errors: {
      404: 'no such pod or container',
      409: 'the workload is stopped, so nothing can run',
      422: 'it could not be started',
    },
  },
  getWorkload: {
    method: 'GET',
    path: '/workload',
    tag: 'workload',
    summary: 'What runs on the emulated cluster',
    status: 200,
    response: workload,
  },
  startWorkload: {
    method: 'POST',
    path: '/workload/start',
    tag: 'workload',
    summary: 'Start the workload, or another one',
    body: workloadStart,
    status: 200,
    response: workload,
    errors: { 404: 'no such scenario' },
  },
  stopWorkload: {
    method: 'POST',
    path: '/workload/stop',
    tag: 'workload',
    summary: 'Stop the workload: virtual time stands still until it is started again',
    status: 200,
    response: workload,
  },
  changeWorkload: {
    method: 'PATCH',
    path: '/workload',
    tag: 'workload',
    summary: 'Change the speed of virtual time',
    body: workloadChange,
    status: 200,
    response: workload,
  },
  restartKernel: {
    method: 'POST',
    path: '/kernel/restart',
    tag: 'daemon',
    summary: 'Boot the emulated kernel anew; programs and links are restored. `mode` rehearses a failure',
    body: z.strictObject({
      mode: z
        .enum(['restart', 'crash', 'hang'])
        .default('restart')
        .describe('`crash`: the kernel thread dies; `hang`: it stops answering'),
    }),
    status: 202,
    response: nothing,
  },
  health: {
    method: 'GET',
    path: '/health',
    tag: 'daemon',
    summary: 'State of kernel thread, store and stream',
    status: 200,
    response: health,
  },
  version: {
    method: 'GET',
    path: '/version',
    tag: 'daemon',
    summary: 'Versions',
    status: 200,
    response: version,
  },
} as const satisfies Record<string, Route>;

export type OperationId = keyof typeof ROUTES;

type Shape<T> = T extends z.ZodType ? T : never;
type Field<O extends OperationId, K extends 'params' | 'query' | 'body'> = (typeof ROUTES)[O] extends {
  readonly [P in K]: infer S;
}
  ? Shape<S>
  : never;

type BinaryBody<O extends OperationId> = (typeof ROUTES)[O] extends { readonly binaryBody: true }
  ? Uint8Array
  : never;

/** What a client gives for an operation. */
export interface RequestOf<O extends OperationId> {
  readonly params?: z.input<Field<O, 'params'>>;
  readonly query?: z.input<Field<O, 'query'>>;
  readonly body?: z.input<Field<O, 'body'>> | Uint8Array;
}

/** What the server has after validation. */
export interface ParsedRequest<O extends OperationId> {
  readonly params: z.output<Field<O, 'params'>>;
  readonly query: z.output<Field<O, 'query'>>;
  /** Bytes only where the operation has a `binaryBody`. */
  readonly body: z.output<Field<O, 'body'>> | BinaryBody<O>;
}

export type ResponseOf<O extends OperationId> = z.output<(typeof ROUTES)[O]['response']>;
