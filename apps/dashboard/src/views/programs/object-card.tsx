import type { Link, ObjectInfo, Program } from '@probed/protocol';
import { useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../../api/api-error';
import { useServices } from '../../api/services';
import { Badge, Dot, ErrorNote } from '../../components/basics';
import { ConfirmButton } from '../../components/confirm-button';
import { CloseIcon, LinkIcon, TrashIcon } from '../../components/icons';
import { Sparkline } from '../../components/sparkline';
import { bytes, grouped, plural, short } from '../../format/number';
import { dayAndClock } from '../../format/time';
import type { Rates } from '../../state/rates';
import { routeHash } from '../../state/route';

interface Props {
  readonly object: ObjectInfo;
  readonly rates: Rates;
  /** Id of the program that is open in the drawer. */
  readonly openId?: string;
  readonly onChanged: () => Promise<void>;
}

/** One uploaded object: its programs, where they hang, what they do. */
export function ObjectCard({ object, rates, openId, onChanged }: Props) {
  const { api } = useServices();
  const maps = object.maps.filter(({ internal }) => !internal);
  const unload = async () => {
    await api.call('unloadObject', { params: { id: object.id } });
    await onChanged();
  };
  return (
    <section class="card" aria-label={`Object ${object.name}`}>
      <header class="card-head">
        <h2>{object.name}</h2>
        {object.state === 'failed' && <Badge tone="bad">not loaded</Badge>}
        {object.state === 'unloaded' && <Badge tone="muted">unloaded; this is pinned</Badge>}
        <span class="quiet" title={`sha256 ${object.sha256}`}>
          {bytes(object.size)} · loaded {dayAndClock(object.loaded_at)}
        </span>
        <span class="toolbar-space" />
        {maps.map((map) => (
          <a key={map.id} class="chip" href={routeHash('maps', map.id)} title={`map of type ${map.type}`}>
            {map.name}
          </a>
        ))}
        <ConfirmButton
          label={`Unload ${object.name}`}
          className="button button-quiet"
          title={`Unload ${object.name}?`}
          text={
            <p>
              {plural(object.links.length, 'link')} will be detached,{' '}
              {plural(object.programs.length, 'program')} and {plural(maps.length, 'map')} removed. Records
              that are stored stay.
            </p>
          }
          confirm="Unload"
          run={unload}
        >
          <TrashIcon />
          Unload
        </ConfirmButton>
      </header>
      {object.error && (
        <p class="note note-bad" role="alert">
          The kernel of this boot refused it: {object.error}
        </p>
      )}
      {object.programs.length > 0 && (
        <div class="card-table">
          <table class="table">
            <thead>
              <tr>
                <th scope="col" class="name">
                  Program
                </th>
                <th scope="col" class="type">
                  Type
                </th>
                <th scope="col" class="wide">
                  Attached to
                </th>
                <th scope="col" class="num">
                  Runs
                </th>
                <th scope="col" class="num">
                  Per second
                </th>
                <th scope="col">
                  <span class="visually-hidden">Actions</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {object.programs.map((program) => (
                <ProgramRow
                  key={program.id}
                  program={program}
                  links={object.links.filter(({ program_id }) => program_id === program.id)}
                  rates={rates}
                  open={String(program.id) === openId}
                  onChanged={onChanged}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function ProgramRow({
  program,
  links,
  rates,
  open,
  onChanged,
}: {
  program: Program;
  links: readonly Link[];
  rates: Rates;
  open: boolean;
  onChanged: () => Promise<void>;
}) {
  const { api } = useServices();
  const rate = rates.of(program.id);
  const unload = async () => {
    await api.call('unloadProgram', { params: { id: program.id } });
    await onChanged();
  };
  return (
    <tr class={open ? 'row-selected' : undefined}>
      <th scope="row">
        <a href={routeHash('programs', program.id)} title={`section ${program.section}`}>
          {program.name}
        </a>
      </th>
      <td class="quiet">{program.type}</td>
      <td class="wide">
        <Links program={program} links={links} onChanged={onChanged} />
      </td>
      <td class="num figure" title={perNode(program)}>
        {grouped(program.runs)}
      </td>
      <td class="num">
        <span class="rate">
          <Sparkline values={rates.historyOf(program.id)} label={`Runs a second of ${program.name}`} />
          <span class="figure">{rate === undefined ? '…' : short(rate)}</span>
        </span>
      </td>
      <td class="actions">
        <ConfirmButton
          label={`Unload program ${program.name}`}
          className="icon-button"
          title={`Unload ${program.name}?`}
          text={<p>It is detached and removed. With the last program its object goes, maps included.</p>}
          confirm="Unload"
          run={unload}
        >
          <TrashIcon />
        </ConfirmButton>
      </td>
    </tr>
  );
}

function Links({
  program,
  links,
  onChanged,
}: {
  program: Program;
  links: readonly Link[];
  onChanged: () => Promise<void>;
}) {
  const { api } = useServices();
  const [error, setError] = useState<ApiError>();
  const attach = async () => {
    setError(undefined);
    try {
      await api.call('attach', { body: { program_id: program.id } });
      await onChanged();
    } catch (thrown) {
      setError(asApiError(thrown));
    }
  };
  return (
    <div class="links">
      {links.map((link) => (
        <LinkChip key={link.id} link={link} onChanged={onChanged} />
      ))}
      {links.length === 0 && (
        <>
          <span class="faint">nothing</span>
          <button
            type="button"
            class="button button-small"
            title={`Attach where its section says: ${program.section}`}
            onClick={attach}
          >
            <LinkIcon />
            Attach
          </button>
        </>
      )}
      {error && <ErrorNote error={error} />}
    </div>
  );
}

function LinkChip({ link, onChanged }: { link: Link; onChanged: () => Promise<void> }) {
  const { api } = useServices();
  const detach = async () => {
    await api.call('detach', { params: { id: link.id } });
    await onChanged();
  };
  const live = link.state === 'live';
  return (
    <span class="link-chip" title={live ? link.nodes.join(', ') : 'nothing in the emulation fires this hook'}>
      <Dot
        tone={live ? 'ok' : 'muted'}
        label={live ? 'live' : 'inert: nothing in the emulation fires this hook'}
      />
      <span class="mono">{link.hook}</span>
      <ConfirmButton
        label={`Detach from ${link.hook}`}
        className="icon-button icon-button-small"
        title={`Detach ${link.program}?`}
        text={
          <p>
            It no longer runs at <code>{link.hook}</code>; it stays loaded and can be attached again.
          </p>
        }
        confirm="Detach"
        run={detach}
      >
        <CloseIcon />
      </ConfirmButton>
    </span>
  );
}

function perNode({ nodes }: Program): string {
  return nodes.map(({ node, runs }) => `${node}: ${grouped(runs)}`).join('\n');
}
