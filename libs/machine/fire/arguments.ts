import { err, ok, type Result, suggestion, type Word } from '@probed/base';
import type { Btf, BtfFuncProto } from '@probed/btf';
import { enumerator } from './enumerators';
import type { ObjectEncoder } from './object-encoder';
import { type HookValue, isMembers, Pointer } from './pointer';
import { anyWord, argumentFault, shown, wordOf } from './words';

/** Arguments in order, or by name; what is left out is zero. */
export type HookArguments = readonly HookValue[] | { readonly [name: string]: HookValue };

/** A parameter of a function, by BTF. */
export interface Parameter {
  readonly name: string;
  readonly typeId: number;
}

/** Parameters of a kernel function; undefined when its BTF has no such function. */
export function functionParameters(btf: Btf, name: string): readonly Parameter[] | undefined {
  const id = btf.functions().get(name);
  const func = id === undefined ? undefined : btf.type(id);
  const proto = func?.kind === 'func' ? btf.type(func.typeId) : undefined;
  return proto?.kind === 'func_proto' ? (proto as BtfFuncProto).params : undefined;
}

/** Turns arguments into words, placing in kernel memory what pointers are to point to. Errors: `hook-argument`. */
export class ArgumentEncoder {
  constructor(
    private readonly btf: Btf,
    private readonly objects: ObjectEncoder,
  ) {}

  /** @param what the function, for messages */
  words(
    what: string,
    parameters: readonly Parameter[] | undefined,
    given: HookArguments,
  ): Result<readonly Word[]> {
    const listed = inOrder(what, parameters, given);
    if (!listed.ok) return listed;
    const words: Word[] = [];
    for (const [i, value] of listed.value.entries()) {
      const parameter = parameters?.[i];
      const where = `${what}: argument ${parameter?.name || i}`;
      const word = this.word(value ?? 0, parameter?.typeId, where);
      if (!word.ok) return word;
      words.push(word.value);
    }
    // A program may look at all of them.
    while (words.length < (parameters?.length ?? 0)) words.push(0);
    return ok(words);
  }

  private word(value: HookValue, typeId: number | undefined, where: string): Result<Word> {
    if (value === null) return ok(0);
    if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
      return wordOf(value, where);
    if (value instanceof Pointer) return ok(anyWord(value.address));
    const type = typeId === undefined ? undefined : this.btf.resolve(typeId);
    if (type?.kind === 'ptr') return this.pointer(type.typeId, value, where);
    if (typeof value === 'string') {
      const known = enumerator(this.btf, value);
      if (known !== undefined) return ok(known);
      if (/^-?(0x[0-9a-f]+|\d+)$/i.test(value)) {
        return wordOf(value[0] === '-' ? -BigInt(value.slice(1)) : BigInt(value), where);
      }
    }
    const place =
      type && typeId !== undefined ? 'its type is no pointer' : 'the function has no prototype to go by';
    return argumentFault(
      `${shown(value)} is no word, and ${place}`,
      where,
      'give a number, or a pointer from machine.struct() or task.string()',
    );
  }

  private pointer(typeId: number, value: HookValue, where: string): Result<Word> {
    const pointer = this.objects.pointTo(typeId, value, '');
    if (pointer.ok) return ok(pointer.value ? anyWord(pointer.value.address) : 0);
    const { error } = pointer;
    return err({ ...error, where: error.where ? `${where}, ${error.where}` : where });
  }
}

function inOrder(
  what: string,
  parameters: readonly Parameter[] | undefined,
  given: HookArguments,
): Result<readonly (HookValue | undefined)[]> {
  if (Array.isArray(given)) {
    if (parameters && given.length > parameters.length) {
      const names = parameters.map(({ name }) => name).join(', ');
      return argumentFault(
        `${given.length} arguments for ${parameters.length}`,
        what,
        `it takes: ${names || 'none'}`,
      );
    }
    return ok(given);
  }
  if (!isMembers(given as HookValue))
    return argumentFault('arguments are a list, or an object by name', what);
  const byName = given as { readonly [name: string]: HookValue };
  const names = Object.keys(byName);
  if (names.length === 0) return ok([]);
  if (!parameters) return argumentFault('has no prototype to find arguments by', what, 'give them as a list');
  const unknown = names.find((name) => !parameters.some((parameter) => parameter.name === name));
  if (unknown !== undefined) {
    const known = parameters.map(({ name }) => name);
    return argumentFault(`has no argument ${unknown}`, what, suggestion(unknown, known) ?? 'it takes none');
  }
  return ok(parameters.map(({ name }) => byName[name]));
}
