import type { Link, Program } from '@probed/protocol';
import { useState } from 'preact/hooks';
import { useServices } from '../../api/services';
import { Badge, ErrorNote, Facts } from '../../components/basics';
import { Choice } from '../../components/choice';
import { Drawer } from '../../components/drawer';
import { usePolled } from '../../components/use-polled';
import { VerifierLog } from '../../components/verifier-log';
import { bytes, grouped } from '../../format/number';
import { dayAndClock } from '../../format/time';
import { routeHash } from '../../state/route';
import { Instructions } from './instructions';

type Tab = 'overview' | 'xlated' | 'log';

const TABS: readonly (readonly [Tab, string])[] = [
  ['overview', 'Overview'],
  ['xlated', 'Instructions'],
  ['log', 'Verifier log'],
];
/** Neither instructions nor log of a loaded program change. */
const NEVER_MS = 86_400_000;

/** One program in detail. */
export function ProgramDrawer({
  program,
  links,
  onClose,
}: {
  program: Program;
  links: readonly Link[];
  onClose: () => void;
}) {
  const [tab, setTab] = useState<Tab>('overview');
  return (
    <Drawer title={program.name} label={`Program ${program.name}`} onClose={onClose}>
      <div class="drawer-actions">
        <Choice label="What to show" options={TABS} value={tab} onChange={setTab} />
        <a
          class="button"
          href={routeHash('live', undefined, { program: `${program.object}/${program.name}` })}
        >
          Its records
        </a>
      </div>
      {tab === 'overview' && <Overview program={program} links={links} />}
      {tab === 'xlated' && <Xlated id={program.id} />}
      {tab === 'log' && <Log id={program.id} />}
    </Drawer>
  );
}

function Overview({ program, links }: { program: Program; links: readonly Link[] }) {
  return (
    <>
      <section>
        <h3>Program</h3>
        <Facts
          rows={[
            ['Object', program.object],
            ['Type', program.type],
            [
              'Section',
              <span key="section" class="mono">
                {program.section}
              </span>,
            ],
            ['License', program.license],
            ['Loaded', `${dayAndClock(program.loaded_at)} UTC`],
            ['Instructions', grouped(program.insns)],
            ['Verifier processed', `${grouped(program.verified_insns)} instructions`],
            [
              'Compiled to',
              program.jited_bytes > 0
                ? `${bytes(program.jited_bytes)} of WebAssembly`
                : 'nothing: it is interpreted',
            ],
          ]}
        />
      </section>
      <section>
        <h3>Links</h3>
        {links.length === 0 && <p class="quiet">It is attached nowhere.</p>}
        <ul class="plain-list">
          {links.map((link) => (
            <li key={link.id}>
              <span class="mono">{link.hook}</span> {link.state === 'inert' && <Badge>inert</Badge>}
              <div class="quiet">
                {link.nodes.join(', ')} · since {dayAndClock(link.created_at)}
              </div>
            </li>
          ))}
        </ul>
      </section>
      <section>
        <h3>Runs by node</h3>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Node</th>
              <th scope="col" class="num">
                Runs
              </th>
              <th scope="col" class="num" title="Skipped because the program was running already">
                Skipped
              </th>
              <th scope="col" class="num" title="Stopped because its loops went on too long">
                Cut short
              </th>
            </tr>
          </thead>
          <tbody>
            {program.nodes.map((at) => (
              <tr key={at.node}>
                <th scope="row">{at.node}</th>
                <td class="num figure">{grouped(at.runs)}</td>
                <td class="num figure">{grouped(at.recursion_misses)}</td>
                <td class="num figure">{grouped(at.budget_exceeded)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Xlated({ id }: { id: number }) {
  const { api } = useServices();
  const { data, error } = usePolled(() => api.call('dumpProgram', { params: { id } }), NEVER_MS, [id]);
  if (error) return <ErrorNote error={error} />;
  return data?.lines ? <Instructions lines={data.lines} /> : <p class="quiet">Reading …</p>;
}

function Log({ id }: { id: number }) {
  const { api } = useServices();
  const { data, error } = usePolled(() => api.call('programLog', { params: { id } }), NEVER_MS, [id]);
  if (error) return <ErrorNote error={error} />;
  if (!data) return <p class="quiet">Reading …</p>;
  return (
    <>
      <p class="quiet">Accepted after {grouped(data.processed)} instructions.</p>
      <VerifierLog lines={data.log} />
    </>
  );
}
