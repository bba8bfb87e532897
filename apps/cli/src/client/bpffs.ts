import type { BpffsEntry, PinKind } from '@probed/protocol';
import { formatTable } from '../output/columns';
import { Printer } from '../output/printer';
import { BPFFS_ROOT, fullPath } from './bpffs-path';
import type { DaemonOptions } from './daemon-address';
import { DaemonClient } from './daemon-client';
import type { OnNodeOptions } from './maps';
import { findLink, findMap, findProgram } from './resolve';

const FINDERS: Readonly<
  Record<PinKind, (client: DaemonClient, wanted: string) => Promise<{ readonly id: number }>>
> = {
  prog: findProgram,
  map: findMap,
  link: findLink,
};

/** `probectl pin`, `probectl prog pin`, `probectl map pin`, `probectl link pin`. */
export async function pinObject(
  kind: PinKind,
  wanted: string,
  path: string,
  { node, ...options }: OnNodeOptions,
): Promise<void> {
  const client = DaemonClient.open(options);
  const { id } = await FINDERS[kind](client, wanted);
  const body = { path: fullPath(path), kind, id, ...(node !== undefined && { node }) };
  const entry = await client.call('pin', { body });
  const printer = new Printer(options.json === true);
  printer.document(entry);
  printer.text(`pinned ${describe(entry)} at ${entry.path} on ${entry.nodes.join(', ')}`);
}

/** `probectl unpin`, `probectl bpffs rm`. */
export async function unpinPath(path: string, { node, ...options }: OnNodeOptions): Promise<void> {
  const query = { path: fullPath(path), ...(node !== undefined && { node }) };
  await DaemonClient.open(options).call('unpin', { query });
  const printer = new Printer(options.json === true);
  printer.document({ unpinned: { path: query.path } });
  printer.text(`unpinned ${query.path}`);
}

/** `probectl bpffs mkdir`. */
export async function makeDirectory(path: string, { node, ...options }: OnNodeOptions): Promise<void> {
  const body = { path: fullPath(path), ...(node !== undefined && { node }) };
  const entry = await DaemonClient.open(options).call('makeBpffsDirectory', { body });
  const printer = new Printer(options.json === true);
  printer.document(entry);
  printer.text(`made ${entry.path} on ${entry.nodes.join(', ')}`);
}

/** `probectl bpffs rmdir`. */
export async function removeDirectory(path: string, { node, ...options }: OnNodeOptions): Promise<void> {
  const query = { path: fullPath(path), ...(node !== undefined && { node }) };
  await DaemonClient.open(options).call('removeBpffsDirectory', { query });
  const printer = new Printer(options.json === true);
  printer.document({ removed: { path: query.path } });
  printer.text(`removed ${query.path}`);
}

/** `probectl bpffs ls`. */
export async function listDirectory(path = BPFFS_ROOT, options: OnNodeOptions): Promise<void> {
  const entries = await entriesOf(path, false, options);
  const printer = new Printer(options.json === true);
  for (const entry of entries) printer.document(entry);
  printer.text(entries.length ? entryTable(entries) : `nothing is pinned in ${fullPath(path)}`);
  await printer.drain();
}

/** `probectl bpffs tree`. */
export async function showTree(path = BPFFS_ROOT, options: OnNodeOptions): Promise<void> {
  const entries = await entriesOf(path, true, options);
  const printer = new Printer(options.json === true);
  for (const entry of entries) printer.document(entry);
  printer.text(treeText(fullPath(path), entries));
  await printer.drain();
}

async function entriesOf(
  path: string,
  recursive: boolean,
  { node, ...options }: DaemonOptions & { readonly node?: string },
): Promise<BpffsEntry[]> {
  const where = { path: fullPath(path), ...(node !== undefined && { node }) };
  const query = { ...where, recursive: recursive ? 'true' : 'false' } as const;
  return (await DaemonClient.open(options).call('listBpffs', { query })).entries;
}

function entryTable(entries: readonly BpffsEntry[]): string {
  return formatTable(
    [
      { title: 'PATH' },
      { title: 'KIND' },
      { title: 'ID', align: 'right' },
      { title: 'NAME' },
      { title: 'OBJECT' },
      { title: 'NODES' },
    ],
    entries.map(({ path, kind, id, name = '-', object = '-', nodes }) => [
      path,
      kind,
      id === undefined ? '-' : String(id),
      name,
      object,
      nodes.join(','),
    ]),
  );
}

/** As tree(1) draws it; what is on some nodes only says on which. */
function treeText(root: string, entries: readonly BpffsEntry[]): string {
  const all = new Set(entries.flatMap(({ nodes }) => nodes));
  const depthOf = ({ path }: BpffsEntry) => path.split('/').length;
  const lines = entries.map((entry, at) => {
    const label = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    const what = entry.kind === 'dir' ? '/' : `  ${describe(entry)}`;
    const where = entry.nodes.length < all.size ? `  (${entry.nodes.join(', ')})` : '';
    return `${branches(entries, at, depthOf, root)}${label}${what}${where}`;
  });
  return [root, ...lines].join('\n');
}

function branches(
  entries: readonly BpffsEntry[],
  at: number,
  depthOf: (entry: BpffsEntry) => number,
  root: string,
): string {
  const base = root.split('/').length + 1;
  const depth = depthOf(entries[at]);
  let text = '';
  for (let level = base; level <= depth; level++) {
    const rest = entries.slice(at + 1);
    const end = rest.findIndex((entry) => depthOf(entry) < level);
    const more = (end < 0 ? rest : rest.slice(0, end)).some((entry) => depthOf(entry) === level);
    text += level < depth ? (more ? '│   ' : '    ') : more ? '├── ' : '└── ';
  }
  return text;
}

function describe({ kind, id, name, object }: BpffsEntry): string {
  return `${kind} ${id} (${object}/${name})`;
}
