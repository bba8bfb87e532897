import type { BatchItem, ExecSession, LostRecord, WireRecord } from '@probed/protocol';

export type ItemFilter = (item: BatchItem) => boolean;

/** All conditions that are given must hold. */
export interface RecordConditions {
  /** Name, or id as decimal text. */
  readonly program?: string;
  /** Name, or id as decimal text. */
  readonly map?: string;
  readonly hook?: string;
  readonly node?: string;
  /** Name, or namespace/name. */
  readonly pod?: string;
  readonly session?: string;
}

interface PodName {
  readonly name: string;
  readonly namespace: string;
}

type Test = (record: WireRecord) => boolean;

const CONDITIONS: { [K in keyof Required<RecordConditions>]: (wanted: string) => Test } = {
  program: (wanted) => (record) => record.program === wanted || String(record.program_id) === wanted,
  map: (wanted) => (record) => record.map === wanted || String(record.map_id) === wanted,
  hook: (wanted) => (record) => record.hook === wanted,
  node: (wanted) => (record) => record.node === wanted,
  pod: (wanted) => (record) => record.pod !== undefined && isPod(record.pod, wanted),
  session: (wanted) => (record) => record.session === wanted,
};

/** Records for which all conditions hold, and the losses that may have hit some of them: those of its map and node. */
export function recordFilter(conditions: RecordConditions): ItemFilter {
  const tests: Test[] = [];
  for (const [name, make] of Object.entries(CONDITIONS)) {
    const wanted = conditions[name as keyof RecordConditions];
    if (wanted !== undefined) tests.push(make(wanted));
  }
  const { map, node } = conditions;
  return (item) => {
    if (item.type === 'record') return tests.every((test) => test(item));
    return item.type === 'lost' && mayConcern(item, map, node);
  };
}

function mayConcern(lost: LostRecord, map: string | undefined, node: string | undefined): boolean {
  if (node !== undefined && lost.node !== node) return false;
  return map === undefined || lost.map === map || String(lost.map_id) === map;
}

/** What programs write with bpf_printk. */
export const traceFilter: ItemFilter = (item) => item.type === 'trace';

/** Exec sessions and their commands. A command's pod is the one of its session, which `pods` knows. */
export function sessionFilter(
  conditions: { readonly session?: string; readonly pod?: string },
  pods: SessionPods,
): ItemFilter {
  const { session, pod } = conditions;
  return (item) => {
    if (item.type === 'session') {
      const { id, pod: name, namespace } = item.session;
      return (
        (session === undefined || id === session) && (pod === undefined || isPod({ name, namespace }, pod))
      );
    }
    if (item.type !== 'command') return false;
    if (session !== undefined && item.command.session !== session) return false;
    if (pod === undefined) return true;
    const of = pods.of(item.command.session);
    return of !== undefined && isPod(of, pod);
  };
}

/** By the pod's name or its workload's (`web` for `web-7d4b9c6f5-x2x8z`), with or without the namespace. */
function isPod({ name, namespace }: PodName, wanted: string): boolean {
  const slash = wanted.indexOf('/');
  if (slash >= 0 && wanted.slice(0, slash) !== namespace) return false;
  const short = wanted.slice(slash + 1);
  return name === short || name.startsWith(`${short}-`);
}

const SESSIONS_KNOWN_MAX = 10_000;

/** In which pod the exec sessions that went by run. */
export class SessionPods {
  private readonly known = new Map<string, PodName>();

  learn({ id, pod, namespace }: ExecSession): void {
    this.known.delete(id);
    this.known.set(id, { name: pod, namespace });
    if (this.known.size <= SESSIONS_KNOWN_MAX) return;
    const [oldest] = this.known.keys();
    this.known.delete(oldest);
  }

  of(session: string): PodName | undefined {
    return this.known.get(session);
  }
}
