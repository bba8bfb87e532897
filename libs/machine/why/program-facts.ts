import type { JsonValue } from '@probed/btf';
import { valueDecoder } from '@probed/btf';
import { insnSlots, isHelperCall } from '@probed/isa';
import { listVariables, type ObjectVariable } from '@probed/object';
import type { LoadedProgram } from '@probed/runtime';
import { helperById, type VerifiedProgram } from '@probed/spec';
import type { Collection } from '../collection';

/** Helpers that put a record into a ring or perf buffer. */
const EMITTING: ReadonlySet<string> = new Set([
  'ringbuf_output',
  'ringbuf_reserve',
  'ringbuf_reserve_dynptr',
  'perf_event_output',
]);
const MAP_WRITING: ReadonlySet<string> = new Set(['map_update_elem', 'map_push_elem', 'map_delete_elem']);

const LOOKING_UP: ReadonlySet<string> = new Set(['map_lookup_elem']);

/** Slots of live calls of helpers of a set. */
function callsOf({ insns, facts }: VerifiedProgram, names: ReadonlySet<string>): number[] {
  const slots: number[] = [];
  for (let slot = 0; slot < insns.length; slot += insnSlots(insns[slot])) {
    const insn = insns[slot];
    if (!facts[slot].reachable || !isHelperCall(insn)) continue;
    if (names.has(helperById(insn.imm)?.name ?? '')) slots.push(slot);
  }
  return slots;
}

/** Slots where the program puts out a record. */
export function emittingCalls(program: VerifiedProgram): number[] {
  return callsOf(program, EMITTING);
}

/** Maps that the program writes by helpers, by name. */
export function writtenMaps(program: VerifiedProgram): string[] {
  return mapsOf(program, callsOf(program, MAP_WRITING));
}

/** Maps that the program looks up in, by name. */
export function lookedUpMaps(program: VerifiedProgram): string[] {
  return mapsOf(program, callsOf(program, LOOKING_UP));
}

/** Buffers that the program puts records into, by name. */
export function outputMaps(program: VerifiedProgram): string[] {
  return mapsOf(program, emittingCalls(program));
}

function mapsOf({ facts, maps }: VerifiedProgram, slots: readonly number[]): string[] {
  const indexes = slots.flatMap((slot) => facts[slot].map ?? []);
  return [...new Set(indexes.map((index) => maps[index].name))];
}

/** A constant of the object that a program reads. */
export interface ReadConstant {
  readonly name: string;
  readonly value: JsonValue;
}

/** The `const volatile` variables that live code of the program reads, with the values that they have. */
export function readConstants(collection: Collection, program: LoadedProgram): ReadConstant[] {
  const { btf } = collection.spec;
  if (!btf) return [];
  return listVariables(collection.spec)
    .filter((variable) => variable.readOnly && reads(program.verified, variable))
    .flatMap(({ name, map, offset, size, typeId }) => {
      const contents = collection.maps.get(map)?.lookup(new Uint8Array(4));
      return contents
        ? [{ name, value: valueDecoder(btf, typeId)(contents.subarray(offset, offset + size)) }]
        : [];
    });
}

function reads({ spec, insns }: VerifiedProgram, { map, offset, size }: ObjectVariable): boolean {
  for (const [slot, ref] of spec.refs) {
    if (ref.kind !== 'map-value' || ref.map !== map) continue;
    const at = insns[slot + 1].imm;
    if (at >= offset && at < offset + size) return true;
  }
  return false;
}
