import { loadKernelImage } from '@probed/assets';
import type { ObjectInfo, RequestOf } from '@probed/protocol';
import { failUsage, orFail } from '../errors';
import { ObjectFiles, objectLabel } from '../input/object-file';
import type { Assignment, MapOption } from '../input/values';
import { note, Printer } from '../output/printer';
import { fullPath } from './bpffs-path';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import { programTable } from './programs';
import { variableValue } from './wire-value';

export interface LoadOptions extends DaemonOptions {
  readonly name?: string;
  /** Programs and targets; false: nothing is attached. */
  readonly attach?: readonly Assignment[] | false;
  readonly node?: string;
  readonly set?: readonly Assignment[];
  readonly map?: readonly MapOption[];
  readonly event?: readonly { readonly map?: string; readonly struct: string }[];
  readonly optional?: readonly string[];
  readonly only?: readonly string[];
  /** `TYPE`, or `PROGRAM=TYPE`. */
  readonly type?: readonly string[];
  readonly strict?: boolean;
  readonly pinMaps?: string;
  readonly pinByName?: boolean;
}

/** Compiling and verifying a large object takes the emulated kernel up to a minute. */
const LOAD_TIMEOUT_MS = 75_000;

/** `probectl prog load`. */
export async function loadObject(file: string, options: LoadOptions): Promise<void> {
  const client = DaemonClient.open(options);
  const bytes = orFail(await new ObjectFiles(loadKernelImage).bytesOf(file));
  const body = { ...loadBody(file, options), object: Buffer.from(bytes).toString('base64') };
  const object = await client.call(
    'uploadProgram',
    { body },
    { timeoutMs: LOAD_TIMEOUT_MS, doing: `loading ${file}` },
  );
  reportObject(object, options);
}

function loadBody(file: string, options: LoadOptions): Omit<UploadBody, 'object'> {
  const { attach, node, optional, only, type = [], set = [], map = [], event = [] } = options;
  const targets = Array.isArray(attach) ? (attach as readonly Assignment[]) : [];
  const twice = targets.find(({ name }, i) => targets.slice(0, i).some((before) => before.name === name));
  if (twice)
    failUsage(`--attach names ${twice.name} twice`, `then: probectl link attach ${twice.name} TARGET`);
  return {
    name:
      options.name ??
      objectLabel(file)
        .replace(/[^\w.-]/g, '_')
        .slice(0, 64),
    attach: attach !== false,
    ...(node !== undefined && { node }),
    ...(optional !== undefined && { optional: [...optional] }),
    ...(only !== undefined && { only: [...only] }),
    ...(options.strict && { strict: true }),
    ...(options.pinMaps !== undefined && { pin_maps: fullPath(options.pinMaps) }),
    ...(options.pinByName === false && { pin_by_name: false }),
    ...ifAny('types', type.map(typeOfProgram)),
    ...ifAny(
      'set',
      set.map(({ name, value }) => [name, variableValue(value)]),
    ),
    ...ifAny(
      'max_entries',
      map.map(({ map, maxEntries }) => [map, maxEntries]),
    ),
    ...ifAny(
      'event',
      event.map(({ map = '*', struct }) => [map, struct]),
    ),
    ...ifAny(
      'targets',
      targets.map(({ name, value }) => [name, { target: value }]),
    ),
  };
}

/** `xdp` is for all programs, `parse=xdp` for one. */
function typeOfProgram(text: string): readonly [program: string, type: string] {
  const equals = text.indexOf('=');
  return equals < 0 ? ['*', text] : [text.slice(0, equals), text.slice(equals + 1)];
}

type UploadBody = Exclude<NonNullable<RequestOf<'uploadProgram'>['body']>, Uint8Array>;

function ifAny<K extends string, V>(name: K, entries: readonly (readonly [string, V])[]) {
  return (entries.length ? { [name]: Object.fromEntries(entries) } : {}) as { [P in K]?: Record<string, V> };
}

function reportObject(object: ObjectInfo, options: LoadOptions): void {
  const printer = new Printer(options.json === true);
  printer.document(object);
  printer.text(`loaded ${object.name} (object id ${object.id})`);
  printer.text(programTable(object.programs, object.links));
  for (const { program, hook, state } of object.links) {
    if (state === 'inert') {
      note(`warning: ${object.name}: ${program} will not run: nothing in this kernel fires ${hook}`);
    }
  }
  for (const remark of object.remarks ?? []) note(`${object.name}: ${remark}`);
  if (options.attach === false) return;
  for (const { name, section, link_ids: links } of object.programs) {
    if (links.length > 0) continue;
    note(
      `${object.name}: program ${name} (${section}) is loaded, not attached: probectl link attach ${name} TARGET`,
    );
  }
}
