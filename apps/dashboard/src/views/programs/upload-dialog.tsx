import type { ObjectInfo } from '@probed/protocol';
import { useRef, useState } from 'preact/hooks';
import { type ApiError, asApiError } from '../../api/api-error';
import { useServices } from '../../api/services';
import { ErrorNote } from '../../components/basics';
import { Dialog } from '../../components/dialog';
import { UploadIcon } from '../../components/icons';
import { bytes } from '../../format/number';

/** Loads an object file; when it is refused, shows why, with the verifier's log. */
export function UploadDialog({
  file: given,
  onClose,
  onLoaded,
}: {
  file?: File;
  onClose: () => void;
  onLoaded: (object: ObjectInfo) => void;
}) {
  const { api } = useServices();
  const [file, setFile] = useState(given);
  const [name, setName] = useState('');
  const [attach, setAttach] = useState(true);
  const [options, setOptions] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();

  const submit = async (event: Event) => {
    event.preventDefault();
    if (!file) return;
    setBusy(true);
    setError(undefined);
    try {
      const body = new Uint8Array(await file.arrayBuffer());
      const query = {
        name: name.trim() || defaultName(file.name),
        attach: String(attach) as 'true' | 'false',
        options: options.trim() || undefined,
      };
      onLoaded(await api.call('uploadProgram', { query, body }));
    } catch (thrown) {
      setError(asApiError(thrown));
      setBusy(false);
    }
  };

  return (
    <Dialog title="Upload an object file" onClose={onClose} wide>
      <form onSubmit={submit}>
        <div class="dialog-body">
          <FileField
            file={file}
            onFile={(next) => {
              setFile(next);
              setError(undefined);
            }}
          />
          <div class="fields">
            <label class="field">
              <span>Name</span>
              <input
                class="input"
                value={name}
                placeholder={file ? defaultName(file.name) : 'the file’s'}
                pattern="[\w.\-]{1,64}"
                title="letters, digits, _ . - and at most 64 of them"
                onInput={(event) => setName(event.currentTarget.value)}
              />
            </label>
            <label class="check">
              <input
                type="checkbox"
                checked={attach}
                onChange={(event) => setAttach(event.currentTarget.checked)}
              />
              Attach every program where its section says
            </label>
          </div>
          <details class="more">
            <summary>More options</summary>
            <label class="field">
              <span>
                Load options as JSON, e.g.{' '}
                <code>{'{"set": {"target_uid": 1000}, "max_entries": {"events": 65536}}'}</code>
              </span>
              <textarea
                class="input mono"
                rows={3}
                spellcheck={false}
                value={options}
                onInput={(event) => setOptions(event.currentTarget.value)}
              />
            </label>
          </details>
          {error && <ErrorNote error={error} />}
        </div>
        <footer class="dialog-foot">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-primary" disabled={!file || busy}>
            {busy ? 'Verifying …' : 'Load'}
          </button>
        </footer>
      </form>
    </Dialog>
  );
}

function FileField({ file, onFile }: { file?: File; onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <label
      class={over ? 'drop-zone drop-zone-over' : 'drop-zone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        event.stopPropagation();
        setOver(false);
        const dropped = event.dataTransfer?.files[0];
        if (dropped) onFile(dropped);
      }}
    >
      <UploadIcon />
      {file ? (
        <span>
          <strong>{file.name}</strong> <span class="quiet">{bytes(file.size)}</span>
        </span>
      ) : (
        <span>
          Drop a <code>.bpf.o</code> file here or <span class="link">choose one</span>
        </span>
      )}
      <input
        class="visually-hidden"
        type="file"
        aria-label="Object file"
        accept=".o,.elf,application/octet-stream"
        ref={input}
        onChange={() => input.current?.files?.[0] && onFile(input.current.files[0])}
      />
    </label>
  );
}

/** `execaudit` of `execaudit.bpf.o`, with what a name can't have replaced. */
function defaultName(file: string): string | undefined {
  const name = file
    .replace(/(\.bpf)?\.(o|elf)$/, '')
    .replace(/[^\w.-]+/g, '_')
    .slice(0, 64);
  return name || undefined;
}
