import { type Diagnostic, diagnostic, err, ok, type Result, suggestion } from '@probed/base';
import type { EncodeInput } from '@probed/btf';
import { listVariables, type ObjectSpec, setVariable } from '@probed/object';

/** A global variable, or a part of one (`name.member[2]`), and what it is to hold. */
export interface VariableSetting {
  readonly name: string;
  readonly value: EncodeInput;
}

/** Sets variables in every object that has them; at least one must. Errors: `variable`, naming object and variable. */
export function setVariables(
  objects: readonly ObjectSpec[],
  settings: readonly VariableSetting[],
): Result<undefined> {
  for (const { name, value } of settings) {
    const root = name.split(/[.[]/)[0];
    const having = objects.filter((object) =>
      listVariables(object).some((variable) => variable.name === root),
    );
    if (having.length === 0) return err(noSuchVariable(objects, root));
    for (const object of having) {
      const done = setVariable(object, name, value);
      if (!done.ok) return err({ ...done.error, where: `${object.name}: ${done.error.where ?? name}` });
    }
  }
  return ok(undefined);
}

function noSuchVariable(objects: readonly ObjectSpec[], name: string): Diagnostic {
  const where = objects.map((object) => object.name).join(', ');
  const known = objects.flatMap((object) => listVariables(object)).map((variable) => variable.name);
  const hint = objects.some((object) => object.btf)
    ? (suggestion(
        name,
        known.filter((variable) => !variable.includes('__fmt')),
      ) ?? 'the object has none')
    : 'the object has no BTF to find variables by; compile with -g';
  return diagnostic('variable', `no global variable ${name}`, { where, hint });
}
