import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelImage } from '@probed/assets';
import { parseObject } from '@probed/object';
import type { Engine } from '@probed/runtime';
import { findScenario } from '@probed/workload';
import { type AttachOptions, type Collection, type Link, Machine, setVariables } from '../index';

export const ENGINES: readonly Engine[] = ['jit', 'interp'];

const image = loadKernelImage();

export function node(engine: Engine = 'jit'): Machine {
  return new Machine({ image, engine });
}

/** Loads one of the fixtures. */
export function load(machine: Machine, name: string, variables: Readonly<Record<string, number>> = {}) {
  const file = join(__dirname, 'fixtures', `${name}.bpf.o`);
  const object = parseObject(readFileSync(file), name);
  if (!object.ok) throw new Error(object.error.message);
  const settings = Object.entries(variables).map(([variable, value]) => ({ name: variable, value }));
  const set = setVariables([object.value], settings);
  if (!set.ok) throw new Error(set.error.message);
  const loaded = machine.load({ object: object.value });
  if (!loaded.ok) throw new Error(`${loaded.error.message} ${loaded.error.where}`);
  return loaded.value;
}

export function program(collection: Collection, name: string) {
  const found = collection.programs.find((each) => each.name === name);
  if (!found) throw new Error(`no program ${name}`);
  return found;
}

export function attach(collection: Collection, name: string, options?: AttachOptions): Link {
  const link = collection.attach(program(collection, name), options);
  if (!link.ok) throw new Error(link.error.message);
  return link.value;
}

/** What a refused attachment says: errno and text. */
export function refusal(collection: Collection, name: string, options?: AttachOptions) {
  const link = collection.attach(program(collection, name), options);
  if (link.ok) throw new Error('attached');
  return link.error;
}

export function runDemo(machine: Machine, ns = 1e9, scenario = 'demo'): void {
  machine.start(findScenario(scenario)!);
  machine.run(ns, () => undefined);
}

/** An entry of `seen` in the fixture `verdicts`: calls, cookie, function address, a word of the program's. */
export function seen(collection: Collection, at: number) {
  const key = new Uint8Array(4);
  key[0] = at;
  const value = collection.maps.get('seen')!.lookup(key)!;
  const [calls, cookie, ip, word] = new BigInt64Array(value.slice().buffer);
  return { calls: Number(calls), cookie: Number(cookie), ip, word };
}
