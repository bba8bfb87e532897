/** What our verifier says of each program of an object file, as the reference host would be asked. */
import { readFileSync } from 'node:fs';
import { loadKernelImage } from '@probed/assets';
import { kernelFacts } from '@probed/machine';
import { type ObjectSpec, parseObject, relocate, relocateProgram } from '@probed/object';
import { mapInfoOf } from '@probed/runtime';
import type { KernelFacts } from '@probed/spec';
import { verify } from '@probed/verifier';
import { complaint } from '../differential/complaint';

/** errno, 0 when accepted, and the complaint. */
export type Verdict = readonly [errno: number, message: string];

const CPUS = 2;

/** The reference host's kernel as it was taken over. */
export function referenceHost(): KernelFacts {
  return kernelFacts(loadKernelImage(), CPUS, 'host');
}

/** @returns by program name; throws when the object itself can't be read, which a test's object can */
export function judgeObject(file: string, facts: KernelFacts): Record<string, Verdict> {
  const object = parseObject(readFileSync(file), file);
  if (!object.ok) throw new Error(object.error.message);
  const maps = relocate({ ...object.value, programs: [] }, facts);
  if (!maps.ok) throw new Error(maps.error.message);
  const infos = new Map(maps.value.maps.map((m) => [m.name, mapInfoOf(m)]));
  return Object.fromEntries(
    object.value.programs.map(({ name }) => [name, judgeProgram(object.value, name, infos, facts)]),
  );
}

function judgeProgram(
  object: ObjectSpec,
  name: string,
  maps: Parameters<typeof verify>[1],
  facts: KernelFacts,
): Verdict {
  const program = object.programs.find((p) => p.name === name);
  if (!program) throw new Error(`no program ${name}`);
  const fitted = relocateProgram(object, program, facts);
  if (!fitted.ok) return [fitted.error.errno ?? 22, fitted.error.message];
  const { license, btf } = object;
  const verdict = verify(fitted.value, maps, facts, { license, objectBtf: btf, logLevel: 0 });
  return verdict.ok ? [0, ''] : [verdict.error.errno, complaint(verdict.error.log)];
}
