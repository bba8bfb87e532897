import type { EncodeInput } from '@probed/btf';
import { withoutOptional } from '@probed/machine';
import type { ObjectSpec } from '@probed/object';
import { parseJson } from '../input/json-reader';
import type { Assignment } from '../input/values';

/** Leaves out the programs that load only when asked for (`SEC("?…")`), unless `--attach` names them. */
export function withoutUnasked(
  object: ObjectSpec,
  targets: readonly Assignment[],
  remarks: string[],
): ObjectSpec {
  const result = withoutOptional(object, (program) => targets.some(({ name }) => name === program));
  for (const { name, section } of result.leftOut) {
    remarks.push(`${object.name}: program ${name} (${section}) is optional and left out; --attach loads it`);
  }
  return result.object;
}

/** What `--set NAME=TEXT` means: JSON where it looks like it, else the text, which the variable's type makes sense of. */
export function assignedValue(text: string): EncodeInput {
  if (!/^\s*["[{]/.test(text)) return text;
  const parsed = parseJson(text, '--set');
  return parsed.ok ? parsed.value : text;
}
