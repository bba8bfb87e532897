import { dumpMap } from '@probed/machine';
import type { BpfMap } from '@probed/maps';
import { mapType } from '@probed/spec';
import type { KernelApi } from '@probed/system';
import type { MapDocument, ProgramDocument, SummaryDocument } from '../output/documents';
import type { LoadedObject, RunSession } from './session';

/** What a map holds now; undefined for buffers, whose contents were records. */
export function mapDocument(object: LoadedObject, map: BpfMap, kernel: KernelApi): MapDocument | undefined {
  const dump = dumpMap(map, object.collection.spec, kernel, object.collection.maps);
  if (dump.kind === 'buffer') return undefined;
  const { name, type, maxEntries } = map.info;
  const head = { type: 'map', object: object.label, map: name } as const;
  const kind = { map_type: mapType(type)?.name ?? String(type), max_entries: maxEntries };
  switch (dump.kind) {
    case 'entries': {
      const { entries, zeroEntries, histograms } = dump;
      const zero = zeroEntries > 0 && { zero_entries: zeroEntries };
      return { ...head, ...kind, entries, ...zero, ...(histograms && { histograms }) };
    }
    case 'stacks':
      return { ...head, ...kind, stacks: dump.stacks };
    case 'variables': {
      const { section, variables, histograms } = dump;
      return { ...head, ...kind, section, variables, ...(histograms && { histograms }) };
    }
  }
}

export function summaryDocument(session: RunSession, simulatedNs: number): SummaryDocument {
  const { records, lost, traceLines } = session.totals;
  const faults = session.machine.faults?.counts;
  return {
    type: 'summary',
    scenario: session.scenario.name,
    seed: session.seed,
    simulated_ns: simulatedNs,
    records,
    lost,
    trace_lines: traceLines,
    ...(faults && { faults }),
    programs: session.objects.flatMap((object) => programDocuments(session, object)),
  };
}

function programDocuments(session: RunSession, object: LoadedObject): ProgramDocument[] {
  const links = session.links.get(object) ?? [];
  return object.collection.programs.map((program) => ({
    object: object.label,
    program: program.name,
    section: program.spec.section,
    hooks: links.filter((link) => link.program === program).map((link) => link.attachment.hook),
    runs: program.stats.runs,
    recursion_misses: program.stats.recursionMisses,
    budget_exceeded: program.stats.budgetExceeded,
  }));
}
