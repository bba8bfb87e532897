import { explainLink, scenariosThatFire } from '@probed/machine';
import { SCENARIOS } from '@probed/workload';
import type { WhyDocument } from '../output/documents';
import { Progress } from '../output/progress';
import type { RunSession } from './session';

/** What explains each link from which no record came, at the end of a run. */
export function whyDocuments(session: RunSession): WhyDocument[] {
  const { machine } = session;
  const links = session.objects.flatMap((object) =>
    (session.links.get(object) ?? []).map((link) => ({ object, link })),
  );
  const quiet = links.filter(({ link }) => link.stats.events === 0 && link.attachment.state === 'live');
  const firedIn = whereElse(
    session,
    quiet.map(({ link }) => link.attachment.hook),
  );
  return links.flatMap(({ object, link }) => {
    if (link.stats.records > 0) return [];
    const { hook } = link.attachment;
    const findings = explainLink(machine, object.collection, link, { firedIn: firedIn.get(hook) });
    return [{ type: 'why', object: object.label, program: link.program.name, hook, findings }];
  });
}

/** Tries the scenarios, this one for longer too, when there is a hook to listen to. */
function whereElse({ machine }: RunSession, hooks: readonly string[]): ReadonlyMap<string, string[]> {
  if (hooks.length === 0) return new Map();
  const progress = new Progress();
  const { image, seed } = machine.options;
  const tell = (name: string) => progress.begin(`trying scenario ${name}`);
  try {
    return scenariosThatFire([...new Set(hooks)], SCENARIOS, { image, seed, progress: tell });
  } finally {
    progress.clear();
  }
}
