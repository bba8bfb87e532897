import { once } from 'node:events';
import { suggestion } from '@probed/base';
import type { IterOptions } from '@probed/machine';
import { findMap } from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import { CommandError, fail, orFail } from '../errors';
import { collectNotes, note, Printer } from '../output/printer';
import type { RunOptions } from '../run/run-options';
import { type LoadedObject, RunSession } from '../run/session';

/** Options of `probectl iter` besides those of a run. */
export interface IterCommandOptions extends RunOptions {
  readonly tid?: number;
  readonly pid?: number;
  readonly overMap?: string;
  readonly cgroup?: number;
  readonly order?: IterOptions['order'];
}

const ENOENT = 2;

/** `probectl iter`. */
export async function readIterators(
  file: string,
  name: string | undefined,
  options: IterCommandOptions,
): Promise<void> {
  // Iterators are attached here, one by one, so what the run says of them is of no interest.
  const remark = (line: string) => {
    if (!line.includes('is loaded, not attached')) note(line);
  };
  const session = await collectNotes(remark, () => RunSession.open([file], options));
  await session.run(
    () => {},
    async () => {},
  );
  const [object] = session.objects;
  const programs = chosen(object, name, options);
  const printer = new Printer(options.json === true);
  for (const program of programs) {
    if (programs.length > 1) printer.text(`# ${program.name} (${program.spec.section})`);
    await readOne(object, program, iterOptions(object, options), printer);
  }
}

function isIterator({ spec }: LoadedProgram): boolean {
  return /^\??iter(\.s)?\//.test(spec.section);
}

/** The one that is named; else all, less those that need a map when none is given. */
function chosen(
  { collection }: LoadedObject,
  name: string | undefined,
  { overMap }: IterCommandOptions,
): LoadedProgram[] {
  const iterators = collection.programs.filter(isIterator);
  if (iterators.length === 0) {
    fail('no-such-program', `${collection.spec.name} has no iterators`, {
      errno: ENOENT,
      hint: 'their sections are iter/task, iter/bpf_map …',
    });
  }
  if (name === undefined)
    return iterators.filter(({ spec }) => overMap !== undefined || spec.attachTo !== 'bpf_map_elem');
  const found = iterators.find((program) => program.name === name);
  if (found) return [found];
  const hint = suggestion(
    name,
    iterators.map((program) => program.name),
  );
  return fail('no-such-program', `no iterator ${name} in ${collection.spec.name}`, { errno: ENOENT, hint });
}

function iterOptions({ collection }: LoadedObject, options: IterCommandOptions): IterOptions {
  const { tid, pid, cgroup: cgroupId, order, overMap } = options;
  if (overMap === undefined) return { tid, pid, cgroupId, order };
  const map = collection.maps.get(findMap(collection.spec, overMap)?.name ?? overMap);
  if (map) return { tid, pid, cgroupId, order, map };
  const hint = suggestion(overMap, [...collection.maps.keys()]);
  return fail('no-such-map', `no map ${overMap} in ${collection.spec.name}`, { errno: ENOENT, hint });
}

async function readOne(
  { collection }: LoadedObject,
  program: LoadedProgram,
  iter: IterOptions,
  printer: Printer,
): Promise<void> {
  const attached = collection.attach(program, { iter });
  const needsMap = program.spec.attachTo === 'bpf_map_elem' && !iter.map;
  if (!attached.ok && needsMap) {
    throw new CommandError({
      ...attached.error,
      hint: `say which: --over-map ${[...collection.maps.keys()][0]}`,
    });
  }
  const link = orFail(attached);
  const text: Uint8Array[] = [];
  const reading = link.attachment.read!();
  let next = reading.next();
  for (; !next.done; next = reading.next()) {
    if (printer.json) text.push(next.value);
    else if (!process.stdout.write(next.value)) await once(process.stdout, 'drain');
  }
  link.detach();
  const target = link.attachment.hook.replace(/^iter:/, '');
  const joined = Buffer.concat(text).toString('utf8');
  printer.document({ type: 'iterator', program: program.name, target, text: joined });
  if (next.value) throw new CommandError(next.value);
}
