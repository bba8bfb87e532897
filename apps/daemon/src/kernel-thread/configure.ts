import { suggestion } from '@probed/base';
import type { EncodeInput } from '@probed/btf';
import { type EventChoice, eventChoices, resizeMaps, setVariables, withoutOptional } from '@probed/machine';
import { type ObjectSpec, parseObject } from '@probed/object';
import type { LoadOptions } from '@probed/protocol';
import { orRefuse, refuse } from './refuse';

const ENOENT = 2;
/** Stands for all maps in `options.event`. */
const ALL_MAPS = '*';

/** An object file made ready to be loaded. */
export interface ConfiguredObject {
  readonly spec: ObjectSpec;
  readonly choices: readonly EventChoice[];
  readonly remarks: readonly string[];
}

/** Reads an object file and applies the load options to it. @throws CommandRefused for what the file or they have wrong */
export function configureObject(bytes: Uint8Array, name: string, options: LoadOptions): ConfiguredObject {
  const parsed = orRefuse(parseObject(bytes, name));
  const { optional = [], targets = {} } = options;
  for (const program of [...optional, ...Object.keys(targets)]) checkProgram(parsed, program);
  const wanted = new Set([...optional, ...Object.keys(targets)]);
  const { object: spec, leftOut } = withoutOptional(parsed, (program) => wanted.has(program));
  const settings = Object.entries(options.set ?? {}).map(([variable, value]) => ({
    name: variable,
    value: value as EncodeInput,
  }));
  orRefuse(setVariables([spec], settings));
  const sizes = Object.entries(options.max_entries ?? {}).map(([map, maxEntries]) => ({ map, maxEntries }));
  orRefuse(resizeMaps([spec], sizes));
  const events = Object.entries(options.event ?? {}).map(([map, struct]) =>
    map === ALL_MAPS ? { struct } : { map, struct },
  );
  const choices = orRefuse(eventChoices([spec], events)).get(spec) ?? [];
  const remarks = leftOut.map(
    (program) => `program ${program.name} (${program.section}) is optional and left out`,
  );
  return { spec, choices, remarks };
}

function checkProgram(object: ObjectSpec, name: string): void {
  const names = object.programs.map((program) => program.name);
  if (names.includes(name)) return;
  const hint = suggestion(name, names);
  refuse('no-such-program', `no program ${name} in the object`, { where: object.name, errno: ENOENT, hint });
}
