import { err, suggestion } from '@probed/base';
import type { EncodeInput } from '@probed/btf';
import {
  type EventChoice,
  eventChoices,
  resizeMaps,
  setVariables,
  withAttachTargets,
  withoutOptional,
} from '@probed/machine';
import { type ObjectSpec, parseObject } from '@probed/object';
import type { LoadOptions } from '@probed/protocol';
import { parseSectionName } from '@probed/spec';
import { orRefuse, refuse } from './refuse';

const ENOENT = 2;
/** Stands for all maps in `options.event`. */
const ALL_MAPS = '*';
/** Stands for all programs in `options.types`. */
const ALL_PROGRAMS = '*';

/** An object file made ready to be loaded. */
export interface ConfiguredObject {
  readonly spec: ObjectSpec;
  readonly choices: readonly EventChoice[];
  /** Maps with LIBBPF_PIN_BY_NAME are pinned, or taken from their pins. */
  readonly pinByName: boolean;
  /** Programs that the options name: they are wanted, whatever else there is. */
  readonly named: ReadonlySet<string>;
  readonly remarks: readonly string[];
}

/** Reads an object file and applies the load options to it. @throws CommandRefused for what the file or they have wrong */
export function configureObject(bytes: Uint8Array, name: string, options: LoadOptions): ConfiguredObject {
  const parsed = orRefuse(parseObject(bytes, name));
  const { optional = [], targets = {}, only, types = {} } = options;
  const named = [...optional, ...Object.keys(targets), ...(only ?? [])];
  for (const program of [...named, ...Object.keys(types)])
    if (program !== ALL_PROGRAMS || !Object.hasOwn(types, program)) checkProgram(parsed, program);
  const aims = Object.entries(targets).flatMap(([program, { target }]) =>
    target === undefined ? [] : [{ program, target }],
  );
  const chosen = withAttachTargets(withTypes(onlyPrograms(parsed, only), types), aims);
  const wanted = new Set(named);
  const { object: spec, leftOut } = withoutOptional(chosen, (program) => wanted.has(program));
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
  return { spec, choices, pinByName: options.pin_by_name !== false, named: wanted, remarks };
}

function onlyPrograms(object: ObjectSpec, only: readonly string[] | undefined): ObjectSpec {
  if (!only) return object;
  return { ...object, programs: object.programs.filter(({ name }) => only.includes(name)) };
}

/** Programs as if they were of other sections. */
function withTypes(object: ObjectSpec, types: Readonly<Record<string, string>>): ObjectSpec {
  if (Object.keys(types).length === 0) return object;
  const programs = object.programs.map((program) => {
    const name = Object.hasOwn(types, program.name) ? program.name : ALL_PROGRAMS;
    const section = Object.hasOwn(types, name) ? types[name] : undefined;
    if (section === undefined) return program;
    const parsed = parseSectionName(section);
    const where = `program ${program.name}`;
    const { type, expectedAttachType, attachTo, optional, flags } = orRefuse(
      parsed.ok ? parsed : err({ ...parsed.error, where }),
    );
    return { ...program, section, type, expectedAttachType, attachTo, optional, flags };
  });
  return { ...object, programs };
}

function checkProgram(object: ObjectSpec, name: string): void {
  const names = object.programs.map((program) => program.name);
  if (names.includes(name)) return;
  const hint = suggestion(name, names);
  refuse('no-such-program', `no program ${name} in the object`, { where: object.name, errno: ENOENT, hint });
}
