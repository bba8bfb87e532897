import type { ObjectInfo } from '@probed/protocol';
import { useMemo, useState } from 'preact/hooks';
import { useServices } from '../../api/services';
import { Empty, ErrorNote } from '../../components/basics';
import { UploadIcon } from '../../components/icons';
import { usePolled } from '../../components/use-polled';
import { plural } from '../../format/number';
import { useCell } from '../../state/cell';
import { Rates } from '../../state/rates';
import { navigate, routeHash } from '../../state/route';
import type { ViewProps } from '../view-props';
import { ObjectCard } from './object-card';
import { ProgramDrawer } from './program-drawer';
import { UploadDialog } from './upload-dialog';
import { useFileDrop } from './use-file-drop';

const POLL_MS = 2_000;

/** Loaded objects with their programs; here they come and go. */
export function ProgramsView({ route, watch }: ViewProps) {
  const { api } = useServices();
  const boot = useCell(watch.boot);
  const rates = useMemo(() => new Rates(), []);
  const { data, error, refresh } = usePolled(
    async () => {
      const { objects } = await api.call('listObjects');
      rates.read(
        objects.flatMap(({ programs }) => programs),
        performance.now(),
      );
      return objects;
    },
    POLL_MS,
    [boot],
  );
  const [upload, setUpload] = useState<{ file?: File }>();
  const [added, setAdded] = useState<string>();
  const dropping = useFileDrop((file) => setUpload({ file }));
  const open = data?.flatMap(({ programs }) => programs).find(({ id }) => String(id) === route.id);

  return (
    <div class={dropping ? 'view dropping' : 'view'}>
      <div class="toolbar">
        <h1 class="toolbar-title">Programs</h1>
        {data && <span class="counts">{summary(data)}</span>}
        <span class="toolbar-space" />
        {added && <output class="counts">{added}</output>}
        <button type="button" class="button button-primary" onClick={() => setUpload({})}>
          <UploadIcon />
          Upload object
        </button>
      </div>
      <div class="split">
        <div class="scroll cards">
          {error && <ErrorNote error={error} />}
          {data?.length === 0 && (
            <Empty title="No programs are loaded">
              Drop a <code>.bpf.o</code> file here, press <em>Upload object</em>, or run{' '}
              <code>probectl prog load FILE.bpf.o</code>.
            </Empty>
          )}
          {data?.map((object) => (
            <ObjectCard key={object.id} object={object} rates={rates} openId={route.id} onChanged={refresh} />
          ))}
        </div>
        {open && (
          <ProgramDrawer
            key={open.id}
            program={open}
            links={linksOf(data, open.id)}
            onClose={() => navigate(routeHash('programs'))}
          />
        )}
      </div>
      {dropping && <div class="drop-hint">Drop the object file to load it</div>}
      {upload && (
        <UploadDialog
          file={upload.file}
          onClose={() => setUpload(undefined)}
          onLoaded={(object) => {
            setUpload(undefined);
            setAdded(
              `${object.name} loaded: ${plural(object.programs.length, 'program')}, ${plural(object.links.length, 'link')}`,
            );
            void refresh();
          }}
        />
      )}
    </div>
  );
}

function linksOf(objects: readonly ObjectInfo[] = [], programId: number): ObjectInfo['links'] {
  return objects.flatMap(({ links }) => links).filter(({ program_id }) => program_id === programId);
}

function summary(objects: readonly ObjectInfo[]): string {
  const programs = objects.reduce((sum, object) => sum + object.programs.length, 0);
  return `${plural(objects.length, 'object')}, ${plural(programs, 'program')}`;
}
