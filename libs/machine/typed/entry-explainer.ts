import { BPF_MAP_TYPE } from '@probed/abi';
import type { BpfMap, MapEntry } from '@probed/maps';
import { type CollectionSpec, type MapInfo, mapType } from '@probed/spec';
import { compileExplainer, type Explanation } from './explain/explainer';
import { type ObjectEvidence, objectEvidence } from './explain/object-evidence';
import type { TypedEntry } from './map-dump';
import type { SymbolSource } from './stack-frames';
import { stackLookup } from './stack-lookup';

const EVIDENCE = new WeakMap<CollectionSpec['programs'], ObjectEvidence>();

function evidenceOf(collection: CollectionSpec): ObjectEvidence {
  let evidence = EVIDENCE.get(collection.programs);
  if (!evidence) EVIDENCE.set(collection.programs, (evidence = objectEvidence(collection)));
  return evidence;
}

/** Names of maps that hold something of a task for a while, such as when its call began. */
const KEYED_BY_TASK =
  /^(starts?|begins?|birth|entry|entries|active|in_?fl(y|ight)\w*|[pt]g?ids?|tasks?)(_|$)/;

const ARRAYS: ReadonlySet<number> = new Set([BPF_MAP_TYPE.ARRAY, BPF_MAP_TYPE.PERCPU_ARRAY]);

/**
 * Says what the numbers of a map's entries mean, by `key.…` and `value.…`; values of per-CPU maps only as far as they
 * are one. Undefined when there is nothing to say.
 */
export function entryExplainer(
  info: MapInfo,
  collection: CollectionSpec,
  kernel: SymbolSource,
  maps: ReadonlyMap<string, BpfMap>,
): ((typed: TypedEntry, entry: MapEntry) => Explanation) | undefined {
  const { btf } = collection;
  if (!btf) return undefined;
  const evidence = evidenceOf(collection);
  const compile = (typeId: number, name: string) =>
    typeId === 0 ? undefined : compileExplainer(btf, typeId, evidence, name);
  const keyName = KEYED_BY_TASK.test(info.name) ? 'tid' : 'key';
  const ofKey = ARRAYS.has(info.type) ? undefined : compile(info.keyTypeId, keyName);
  const perCpu = mapType(info.type)?.perCpu === true;
  const ofValue = perCpu ? undefined : compile(info.valueTypeId, info.name);
  if (!ofKey && !ofValue) return undefined;
  const stackOf = stackLookup(maps, kernel);
  return ({ key, value }, entry) => {
    const pid = pidOf(key);
    const sources = { symbols: kernel, stackOf, ...(pid !== undefined && { pid }) };
    return joinedExplanation([
      ['key', ofKey?.(key, entry.key, sources)],
      ['value', value === undefined ? undefined : ofValue?.(value, entry.value, sources)],
    ]);
  };
}

/** The process that a key is about, whose user addresses its stacks hold. */
function pidOf(key: TypedEntry['key']): number | undefined {
  if (typeof key !== 'object' || key === null || Array.isArray(key)) return undefined;
  const { tgid, pid } = key;
  const found = tgid ?? pid;
  return typeof found === 'number' && found > 0 ? found : undefined;
}

function joinedExplanation(
  parts: readonly (readonly [prefix: string, Explanation | undefined])[],
): Explanation {
  const explained: Record<string, string> = {};
  const stacks: Record<string, NonNullable<Explanation['stacks']>[string]> = {};
  for (const [prefix, part] of parts) {
    const pathOf = (path: string) => (path === '' ? prefix : `${prefix}.${path}`);
    for (const [path, text] of Object.entries(part?.explained ?? {})) explained[pathOf(path)] = text;
    for (const [path, frames] of Object.entries(part?.stacks ?? {})) stacks[pathOf(path)] = frames;
  }
  return {
    ...(Object.keys(explained).length > 0 && { explained }),
    ...(Object.keys(stacks).length > 0 && { stacks }),
  };
}
